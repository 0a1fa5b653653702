// A real OpenID provider for the tests, with a sign-in form of its own: any password is right. It is told what it should
// know in its first argument, says where it listens on its first line, and learns of other people at /people.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

/** { client_id, client_secret, auth_method, redirect_uris, people: { [subject]: claims } } */
const asked = JSON.parse(process.argv[2] ?? "{}");
let people = asked.people ?? {};

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
  format: "jwk",
});

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: asked.client_id,
      client_secret: asked.client_secret,
      token_endpoint_auth_method: asked.auth_method ?? "client_secret_basic",
      redirect_uris: asked.redirect_uris,
    },
  ],
  clientAuthMethods: [asked.auth_method ?? "client_secret_basic"],
  claims: {
    openid: ["sub"],
    profile: ["name", "preferred_username"],
    email: ["email", "email_verified"],
    groups: ["groups"],
  },
  cookies: { keys: ["only for tests"] },
  features: { devInteractions: { enabled: false } },
  findAccount: (_, id) =>
    people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  jwks: { keys: [{ ...key, kid: "honest", use: "sig", alg: "RS256" }] },
  loadExistingGrant: async (ctx) => {
    const { client, session } = ctx.oidc;
    const grant = new ctx.oidc.provider.Grant({
      clientId: client.clientId,
      accountId: session.accountId,
    });
    grant.addOIDCScope("openid profile email groups");
    await grant.save();
    return grant;
  },
  pkce: { required: () => true },
});

const FORM = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Company account</title>
<main><h1>Company account</h1><form method="post">
<label>User <input name="login" autofocus></label>
<label>Password <input name="password" type="password"></label>
<button>Continue</button>
</form></main></html>`;

const answers = provider.callback();
server.on("request", async (request, response) => {
  if (request.url === "/people") {
    people = JSON.parse(await body(request));
    response.end();
  } else if (request.url.startsWith("/interaction/") && request.method === "POST") {
    const typed = new URLSearchParams(await body(request));
    const found = Object.entries(people).find(
      ([subject, claims]) =>
        subject === typed.get("login") || claims.preferred_username === typed.get("login"),
    );
    const result = found
      ? { login: { accountId: found[0] } }
      : { error: "access_denied", error_description: "nobody of this name" };
    await provider.interactionFinished(request, response, result);
  } else if (request.url.startsWith("/interaction/")) {
    response.setHeader("content-type", "text/html");
    response.end(FORM);
  } else {
    await answers(request, response);
  }
});
console.log(issuer);
