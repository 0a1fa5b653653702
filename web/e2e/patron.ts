// Starts the real server on a fresh data folder and a free port, and stops it again.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const START_MS = 60_000;
const STOP_MS = 30_000;

export type Patron = {
  url: string;
  dataDir: string;
  login: string;
  oneTimePassword: string;
  /** Ends the process as a crash would, and starts it again on the same data and port. */
  crash: () => Promise<void>;
  restart: () => Promise<void>;
  stop: () => Promise<void>;
};

// The address of a database in the environment would lead away from the fresh folder.
const { DATABASE_URL: _elsewhere, ...environment } = process.env;

function binary(): string {
  const path = process.env.PATRON_BINARY;
  if (!path) throw new Error("set PATRON_BINARY to the patron binary, e.g. ../target/debug/patron");
  return path;
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

async function ready(url: string, child: ChildProcess, said: () => string): Promise<void> {
  const until = Date.now() + START_MS;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`patron serve ended:\n${said()}`);
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((wait) => setTimeout(wait, 100));
  }
  throw new Error(`patron serve was not ready in time:\n${said()}`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once("exit", resolve));
}

/** A new one-time password of the administrator, as an operator would ask for it. */
async function resetPassword(dataDir: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(
    binary(),
    ["user", "reset-password", "admin", "--data-dir", dataDir],
    { env: environment },
  );
  const found = /password[^\n]*?[:=]\s*(\S+)/i.exec(`${stdout}\n${stderr}`);
  if (!found?.[1]) throw new Error(`no password in: ${stdout}${stderr}`);
  return found[1];
}

export async function startPatron(): Promise<Patron> {
  const dataDir = await mkdtemp(join(tmpdir(), "patron-e2e-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let output = "";
  let child: ChildProcess;

  const serve = async () => {
    child = spawn(binary(), ["serve", "--data-dir", dataDir, "--listen", `127.0.0.1:${port}`], {
      stdio: ["ignore", "pipe", "pipe"],
      env: environment,
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (bytes) => {
        output += String(bytes);
      });
    }
    await ready(url, child, () => output);
  };

  await serve();
  return {
    url,
    dataDir,
    login: "admin",
    oneTimePassword: await resetPassword(dataDir),
    crash: async () => {
      child.kill("SIGKILL");
      await ended(child);
    },
    restart: serve,
    stop: async () => {
      child.kill("SIGTERM");
      const forced = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await ended(child);
      clearTimeout(forced);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
