import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { constants, generateKeyPairSync, privateDecrypt, publicEncrypt } from "node:crypto";
import { forRandom } from "../../tests/harness/random.ts";
import { VtError } from "../error/errors.ts";
import {
  CACHING_SHA2_PASSWORD_PLUGIN,
  cachingSha2Hash,
  cachingSha2Response,
  verifyCachingSha2,
} from "./caching_sha2_password.ts";
import { CLIENT_PLUGIN_AUTH, CLIENT_SSL } from "./capabilities.ts";
import { type ClientAuthConfig, type ClientAuthState, stepClientAuth } from "./client_auth.ts";
import { encodeErrPacket } from "./err_packet.ts";
import { encodeHandshakeGreeting } from "./handshake_greeting.ts";
import { encodeSslRequest } from "./handshake_response.ts";
import {
  NATIVE_PASSWORD_PLUGIN,
  nativePasswordHash,
  nativePasswordResponse,
  verifyNativePassword,
} from "./native_password.ts";
import { EMPTY_OK, encodeOkPacket } from "./ok_packet.ts";
import {
  type Credential,
  credentialOfPassword,
  type Plugin,
  type ServerAuthConfig,
  type ServerAuthState,
  type ServerAuthStep,
  stepServerAuth,
} from "./server_auth.ts";

const SALT = Uint8Array.from([
  10,
  47,
  74,
  111,
  75,
  73,
  34,
  48,
  88,
  76,
  114,
  74,
  37,
  13,
  3,
  80,
  82,
  2,
  23,
  21,
]);

Deno.test("nativePasswordHash() is PASSWORD() without its star", () => {
  strictEqual(nativePasswordHash("mypass").toHex(), "6c8989366eaf75bb670ad8ea7a7fc1176a95cef4");
  strictEqual(nativePasswordHash("secret").toHex(), "14e65567abdb5135d0cfd9a70b3032c179a49ee7");
});

Deno.test("cachingSha2Hash() is SHA256(SHA256(password))", () => {
  strictEqual(
    cachingSha2Hash("secret").toHex(),
    "3881219d087dd9c634373fd33dfa33a2cb6bfc6c520b64b8bb60ef2ceb534ae7",
  );
});

Deno.test("responses verify against the hash of their password and scramble only", () => {
  forRandom(100, (random) => {
    const password = random.pick(["secret", "x", "пароль", "a".repeat(100)]);
    const native = nativePasswordResponse(password, SALT);
    ok(verifyNativePassword(native, SALT, nativePasswordHash(password)));
    const sha2 = cachingSha2Response(password, SALT);
    ok(verifyCachingSha2(sha2, SALT, cachingSha2Hash(password)));
    const at = random.int(native.length);
    native[at] = (native[at] ?? 0) ^ (1 << random.int(8));
    ok(!verifyNativePassword(native, SALT, nativePasswordHash(password)));
    ok(!verifyCachingSha2(sha2, random.bytes(20), cachingSha2Hash(password)));
    ok(!verifyCachingSha2(sha2.subarray(1), SALT, cachingSha2Hash(password)));
  });
});

const RSA = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const PADDING = constants.RSA_PKCS1_OAEP_PADDING;

function decrypt(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return new Uint8Array(privateDecrypt({ key: RSA.privateKey, padding: PADDING }, bytes));
  } catch {
    return undefined; // Not made with our key: the verdict is the machine's.
  }
}

/** A password of which the server keeps a salted hash: only the full path can check it. */
function saltedCredential(password: string): Credential {
  return {
    empty: false,
    nativeHash: undefined,
    cachingSha2Hash: undefined,
    verifyPassword: (given) => given === password,
  };
}

interface Talk {
  readonly credentials: readonly Credential[];
  readonly password: string;
  readonly greeted: Plugin;
  readonly secure: boolean;
  readonly withRsa: boolean;
  readonly pluginAuth: boolean;
}

/** The two machines with each other, as over a wire: the client's verdict, and the server's. */
function talk(options: Talk): { readonly client: ClientAuthState; readonly packets: number } {
  const serverConfig: ServerAuthConfig<Credential> = {
    scramble: SALT,
    plugin: options.greeted,
    credentialsOf: (user) => user === "app" ? options.credentials : [],
    clientHost: "localhost",
    secure: options.secure,
    tlsOffered: false,
    rsa: options.withRsa ? { publicKeyPem: RSA.publicKey, decrypt } : undefined,
  };
  const clientConfig: ClientAuthConfig = {
    user: "app",
    password: options.password,
    database: "",
    capabilities: 0,
    collation: 45,
    maxPacketBytes: 1 << 24,
    attributes: new Map(),
    secure: options.secure,
  };
  let server: ServerAuthState<Credential> = { at: "response" };
  let client: ClientAuthState = { at: "greeting" };
  let toClient: Uint8Array[] = [encodeHandshakeGreeting({
    serverVersion: "8.0.40",
    connectionId: 1,
    scramble: SALT,
    capabilities: 0x00ff_ffff & ~CLIENT_SSL & (options.pluginAuth ? -1 : ~CLIENT_PLUGIN_AUTH),
    extendedCapabilities: 0,
    collation: 45,
    statusFlags: 2,
    authPlugin: options.greeted,
  })];
  for (let packets = 1; packets < 12; packets++) {
    let answer: Uint8Array | undefined;
    for (const payload of toClient) {
      const [next, effect] = stepClientAuth(client, payload, clientConfig);
      client = next;
      if (effect?.do === "send") answer = effect.payload;
      if (effect?.do === "encrypt") {
        const key = { key: effect.publicKeyPem, padding: PADDING };
        answer = new Uint8Array(publicEncrypt(key, effect.plain));
      }
    }
    if (client.at === "ready" || client.at === "failed") return { client, packets };
    if (answer === undefined) throw new Error(`the client waits at ${client.at}`);
    const step: ServerAuthStep<Credential> = stepServerAuth(server, answer, serverConfig);
    const [state, effect] = step;
    server = state;
    toClient = effect?.do === "send" ? [effect.payload] : [];
    if (server.at === "accepted") toClient.push(encodeOkPacket(EMPTY_OK, 0));
    if (server.at === "refused") toClient.push(encodeErrPacket(server.error));
  }
  throw new Error("they never agree");
}

const GREETED = [NATIVE_PASSWORD_PLUGIN, CACHING_SHA2_PASSWORD_PLUGIN] as const;

Deno.test("client and server agree for every kind of password, plugin and transport", () => {
  const full = credentialOfPassword("secret");
  const kinds: readonly (readonly [string, Credential])[] = [
    ["password", full],
    ["native hash", { ...full, cachingSha2Hash: undefined }],
    ["sha2 hash", { ...full, nativeHash: undefined }],
    ["salted hash", saltedCredential("secret")],
  ];
  for (const [kind, credential] of kinds) {
    for (const greeted of GREETED) {
      for (const [secure, withRsa] of [[true, false], [false, true]] as const) {
        const options = { credentials: [credential], greeted, secure, withRsa, pluginAuth: true };
        const right = talk({ ...options, password: "secret" });
        strictEqual(right.client.at, "ready", `${kind} ${greeted} secure=${secure}`);
        const wrong = talk({ ...options, password: "wrong" });
        strictEqual(wrong.client.at, "failed", `${kind} ${greeted} secure=${secure}`);
        strictEqual(talk({ ...options, password: "" }).client.at, "failed");
        const emptyUser = talk({ ...options, credentials: [], password: "secret" });
        strictEqual(emptyUser.client.at, "failed");
      }
    }
  }
});

Deno.test("several passwords of one user all fit; an empty one fits the empty alone", () => {
  const credentials = ["one", "two", ""].map(credentialOfPassword);
  const options = { credentials, secure: false, withRsa: false, pluginAuth: true };
  for (const greeted of GREETED) {
    for (const password of ["one", "two", ""]) {
      strictEqual(talk({ ...options, greeted, password }).client.at, "ready");
    }
    const failed = talk({ ...options, greeted, password: "three" }).client;
    ok(failed.at === "failed");
    strictEqual(
      failed.error.message,
      "Access denied for user 'app'@'localhost' (using password: YES)",
    );
  }
});

Deno.test("a client without plugins logs in with mysql_native_password", () => {
  const options = { secure: false, withRsa: false, pluginAuth: false };
  const credentials = [credentialOfPassword("secret")];
  const greeted = NATIVE_PASSWORD_PLUGIN;
  strictEqual(talk({ ...options, credentials, greeted, password: "secret" }).client.at, "ready");
  const sha2Only = [{ ...credentialOfPassword("secret"), nativeHash: undefined }];
  strictEqual(
    talk({ ...options, credentials: sha2Only, greeted, password: "secret" }).client.at,
    "failed",
  );
});

Deno.test("without TLS and without a key a salted hash can't be checked: refused", () => {
  const credentials = [saltedCredential("secret")];
  const options = { credentials, secure: false, withRsa: false, pluginAuth: true };
  for (const greeted of GREETED) {
    strictEqual(talk({ ...options, greeted, password: "secret" }).client.at, "failed");
  }
});

Deno.test("stepServerAuth() accepts nobody without a fitting packet, over all short talks", () => {
  const config: ServerAuthConfig<Credential> = {
    scramble: SALT,
    plugin: CACHING_SHA2_PASSWORD_PLUGIN,
    credentialsOf: () => [credentialOfPassword("secret"), saltedCredential("other")],
    clientHost: "localhost",
    secure: false,
    tlsOffered: true,
    rsa: { publicKeyPem: RSA.publicKey, decrypt },
  };
  const responses = ["caching_sha2_password", "mysql_native_password", "unknown"].flatMap((
    plugin,
  ) =>
    [cachingSha2Response("wrong", SALT), new Uint8Array(0), Uint8Array.of(2)].map((authResponse) =>
      responsePacket(plugin, authResponse)
    )
  );
  const packets = [
    ...responses,
    encodeSslRequest({ capabilities: 0x200, maxPacketBytes: 0, collation: 45 }),
    Uint8Array.of(2),
    new Uint8Array(0),
    Uint8Array.of(0),
    cachingSha2Response("wrong", SALT),
    nativePasswordResponse("wrong", SALT),
    new Uint8Array(256),
  ];
  const walk = (state: ServerAuthState<Credential>, depth: number): void => {
    if (state.at === "accepted") throw new Error("accepted");
    if (depth === 0) return;
    for (const packet of packets) {
      let next: ServerAuthState<Credential>;
      try {
        [next] = stepServerAuth(state, packet, config);
      } catch (error) {
        if (error instanceof VtError) continue; // Malformed: the connection ends there.
        throw error;
      }
      walk(next, depth - 1);
    }
  };
  walk({ at: "response" }, 4);
});

function responsePacket(authPlugin: string, authResponse: Uint8Array): Uint8Array {
  const greeting = encodeHandshakeGreeting({
    serverVersion: "8",
    connectionId: 1,
    scramble: SALT,
    capabilities: 0x00ff_ffff,
    extendedCapabilities: 0,
    collation: 45,
    statusFlags: 2,
    authPlugin,
  });
  const [, effect] = stepClientAuth({ at: "greeting" }, greeting, {
    user: "app",
    password: "",
    database: "",
    capabilities: 0,
    collation: 45,
    maxPacketBytes: 0,
    attributes: new Map(),
    secure: false,
  });
  if (effect?.do !== "send") throw new Error("no response");
  // user "app", NUL, the length of the answer (0), then the plugin.
  const head = effect.payload.subarray(0, 36);
  const name = new TextEncoder().encode(authPlugin + "\0");
  return Uint8Array.from([...head, authResponse.length, ...authResponse, ...name]);
}

Deno.test("stepClientAuth() fails on a server's refusal, and on a plugin that it lacks", () => {
  const config = {
    user: "u",
    password: "p",
    database: "",
    capabilities: 0,
    collation: 45,
    maxPacketBytes: 0,
    attributes: new Map<string, string>(),
    secure: false,
  };
  const tooMany = encodeErrPacket({ errno: 1040, sqlState: "08004", message: "Too many" }, false);
  const [refused] = stepClientAuth({ at: "greeting" }, tooMany, config);
  ok(refused.at === "failed");
  strictEqual(refused.error.errno, 1040);
  throws(() => stepClientAuth({ at: "greeting" }, Uint8Array.of(9, 1), config), VtError);
  deepStrictEqual(stepClientAuth(refused, Uint8Array.of(0), config)[0].at, "failed");
});
