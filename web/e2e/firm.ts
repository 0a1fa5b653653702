// An example firm with its value computed, made through the API, for journeys that begin after it.
import type { Patron } from "./patron";
import { OWN_PASSWORD } from "./person";

const READY_MS = 150_000;
const LOOK_AGAIN_MS = 500;

export async function makeExampleFirm(patron: Patron, customers: number): Promise<void> {
  let cookie = "";
  const call = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${patron.url}/api/v1${path}`, {
      method,
      headers: { "content-type": "application/json", cookie },
      body: body ? JSON.stringify(body) : undefined,
    });
    const given = answer.headers.get("set-cookie");
    if (given) cookie = given.split(";")[0] ?? "";
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json() as Promise<{ has_run?: boolean }>;
  };
  await call("POST", "/session", { login: patron.login, password: patron.oneTimePassword });
  await call("POST", "/session/password", {
    current_password: patron.oneTimePassword,
    new_password: OWN_PASSWORD,
  });
  await call("POST", "/setup/example", { customers, seed: 1 });
  const until = Date.now() + READY_MS;
  while (!(await call("GET", "/setup")).has_run) {
    if (Date.now() > until) throw new Error("the example firm was not valued in time");
    await new Promise((wait) => setTimeout(wait, LOOK_AGAIN_MS));
  }
}
