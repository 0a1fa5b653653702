// Starts the honest identity provider of the tests, and stops it again.
import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export type Provider = { issuer: string; stop: () => void };

const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), "provider/honest.mjs");

/** What the provider knows of its people, each by their subject. */
type People = Record<string, Record<string, unknown>>;

export async function startProvider(
  redirect: string,
  client_id: string,
  client_secret: string,
  people: People,
): Promise<Provider> {
  const asked = { client_id, client_secret, redirect_uris: [redirect], people };
  const child: ChildProcess = spawn("node", [SCRIPT, JSON.stringify(asked)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  if (!child.stdout) throw new Error("the provider cannot speak");
  const issuer = await new Promise<string>((resolve, reject) => {
    child.once("exit", () => reject(new Error("the provider has ended: npm ci?")));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      if (line.startsWith("http://")) resolve(line);
    });
  });
  return { issuer, stop: () => child.kill() };
}
