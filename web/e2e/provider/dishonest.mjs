// An OpenID provider that lies as it is told to at /be, for the tests. It signs everyone in at once, and says where it
// listens on its first line. Nothing here is to be learned from.
import { createHash, createHmac, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer } from "node:http";

const keyPairs = {
  RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  PS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  EdDSA: generateKeyPairSync("ed25519"),
};
const strangers = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** What is lied about, how tokens are signed, who everyone is, and what was asked how often. */
let lie = "";
let algorithm = "RS256";
let claims = { sub: "1" };
let counts = {};
const codes = new Map();

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

function signature(message, alg, key) {
  const data = Buffer.from(message);
  if (alg === "EdDSA") return sign(null, data, key);
  if (alg === "PS256") return sign("sha256", data, { key, padding: 6, saltLength: 32 });
  if (alg === "ES256") return sign("sha256", data, { key, dsaEncoding: "ieee-p1363" });
  return sign("sha256", data, key);
}

function idToken({ nonce, client_id }) {
  const now = Math.floor(Date.now() / 1000);
  const said = { iss: issuer, aud: client_id, nonce, iat: now, exp: now + 300, ...claims };
  if (lie === "nonce") said.nonce = "another";
  if (lie === "no nonce") delete said.nonce;
  if (lie === "audience") said.aud = "another";
  if (lie === "two audiences") said.aud = [client_id, "another"];
  if (lie === "azp") said.azp = "another";
  if (lie === "issuer") said.iss = "https://login.example.com";
  if (lie === "expired") Object.assign(said, { iat: now - 900, exp: now - 120 });
  if (lie === "from the future") said.iat = now + 900;
  const header = { alg: algorithm, kid: algorithm, typ: "JWT" };
  let key = keyPairs[algorithm].privateKey;
  if (lie === "none") header.alg = "none";
  if (lie === "hmac") header.alg = "HS256";
  if (lie === "key of a stranger") key = strangers.privateKey;
  if (lie === "unknown key" || lie === "new key") {
    header.kid = "new";
    key = strangers.privateKey;
  }
  const message = `${encode(header)}.${encode(said)}`;
  if (lie === "none") return `${message}.`;
  if (lie === "hmac") {
    const known = keyPairs.RS256.publicKey.export({ type: "spki", format: "pem" });
    return `${message}.${createHmac("sha256", known).update(message).digest("base64url")}`;
  }
  const signed = signature(message, algorithm, key).toString("base64url");
  if (lie === "tampered") {
    return `${encode(header)}.${encode({ ...said, sub: "another" })}.${signed}`;
  }
  return `${message}.${signed}`;
}

function keys() {
  const known = Object.entries(keyPairs).map(([alg, pair]) => ({
    ...pair.publicKey.export({ format: "jwk" }),
    kid: alg,
    alg,
    use: "sig",
  }));
  const added = { ...strangers.publicKey.export({ format: "jwk" }), kid: "new", use: "sig" };
  return { keys: lie === "new key" ? [...known, added] : known };
}

const discovery = () => ({
  issuer: lie === "another issuer" ? "https://login.example.com" : issuer,
  authorization_endpoint: `${issuer}/auth`,
  token_endpoint: lie === "token elsewhere" ? "http://169.254.169.254/token" : `${issuer}/token`,
  userinfo_endpoint: `${issuer}/userinfo`,
  jwks_uri: `${issuer}/jwks`,
  authorization_response_iss_parameter_supported: true,
});

const server = createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  const say = (value) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(value));
  };
  if (url.pathname !== "/counts" && url.pathname !== "/be") {
    counts[url.pathname] = (counts[url.pathname] ?? 0) + 1;
  }
  if (lie === "silent" && url.pathname === "/token") return;
  if (lie === "redirects" && url.pathname.startsWith("/.well-known")) {
    response.writeHead(302, { location: "http://169.254.169.254/" }).end();
    return;
  }
  switch (url.pathname) {
    case "/be": {
      const told = JSON.parse(await body(request));
      lie = told.lie ?? "";
      algorithm = told.algorithm ?? "RS256";
      claims = told.claims ?? { sub: "1" };
      say({});
      break;
    }
    case "/counts":
      say(counts);
      counts = {};
      break;
    case "/.well-known/openid-configuration":
      if (lie === "no json") response.end("<html>");
      else say(discovery());
      break;
    case "/jwks":
      if (lie === "huge") response.end(`{"keys": ["${"x".repeat(1 << 20)}"]}`);
      else say(lie === "no keys" ? { keys: [] } : keys());
      break;
    case "/auth": {
      const code = randomUUID();
      codes.set(code, Object.fromEntries(url.searchParams));
      const back = new URL(url.searchParams.get("redirect_uri"));
      back.searchParams.set("code", code);
      back.searchParams.set("state", url.searchParams.get("state"));
      if (lie === "iss of another") back.searchParams.set("iss", "https://login.example.com");
      else if (lie !== "no iss") back.searchParams.set("iss", issuer);
      response.writeHead(302, { location: back.href }).end();
      break;
    }
    case "/token": {
      const form = new URLSearchParams(await body(request));
      const begun = codes.get(form.get("code"));
      codes.delete(form.get("code"));
      const hash = createHash("sha256")
        .update(form.get("code_verifier") ?? "")
        .digest("base64url");
      if (lie === "refuses" || !begun || hash !== begun.code_challenge) {
        response.statusCode = 400;
        say({ error: "invalid_grant" });
      } else if (lie === "answer malformed") {
        say({ access_token: "x" });
      } else {
        say({
          access_token: "secret-access-token",
          token_type: "Bearer",
          id_token: idToken(begun),
        });
      }
      break;
    }
    case "/userinfo":
      say({ sub: lie === "userinfo of another" ? "another" : claims.sub });
      break;
    default:
      response.statusCode = 404;
      response.end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
console.log(issuer);
