import { type Cluster, openCluster } from "../../../lib/kafka/client/cluster.ts";
import { startKafka } from "../../../lib/local/kafka/start.ts";
import { freePort } from "../../../lib/local/process/ports.ts";
import type { NodeAddress, Properties } from "../../../lib/local/kafka/properties.ts";
import { alterConfig } from "./alter_config.ts";
import { type Certificate, createAuthority } from "../tools/certificates.ts";

/** The users of the secure Kafka. They have only the ACLs that a test grants. */
export const PASSWORDS = {
  alice: "alice-2hunter2",
  bob: "bob-correct-horse",
  /** The user of docs/security.md. */
  wikitap: "wikitap-battery-staple",
} as const;

/**
 * The listeners besides the plain one. `localhost` and 127.0.0.1 are in all certificates but one.
 */
const LISTENERS = {
  /** TLS without a client certificate. */
  tls: "SSL",
  /** TLS that requires a client certificate. */
  mutual: "SSL",
  /** TLS with a certificate for `broker.example`. */
  renamed: "SSL",
  /** TLS with a certificate that has expired. */
  expired: "SSL",
  /** PLAIN and SCRAM under TLS. */
  sasltls: "SASL_SSL",
  /** Only SCRAM-SHA-512, without TLS. */
  saslplain: "SASL_PLAINTEXT",
  /** SCRAM-SHA-512 without TLS, and a session of `BRIEF_SESSION_MS`. */
  brief: "SASL_PLAINTEXT",
  /** No security. It advertises an address that does not exist. */
  lost: "PLAINTEXT",
} as const;

/** The duration of a SASL session of the listener `brief`, in ms. */
export const BRIEF_SESSION_MS = 4000;

type ListenerName = keyof typeof LISTENERS;

/** A Kafka with TLS, SASL and an authorizer that denies what is not granted. */
export interface SecureKafka extends AsyncDisposable {
  /** `localhost:port` of each listener. */
  readonly at: Readonly<Record<ListenerName, string>>;
  /** Paths of PEM files. */
  readonly files: Readonly<
    Record<"ca" | "otherCa" | "cert" | "key" | "strangerCert" | "strangerKey", string>
  >;
  /** A cluster for a superuser. */
  readonly admin: Cluster;
}

/** Starts a Kafka of one node, with new certificates. */
export async function startSecureKafka(): Promise<SecureKafka> {
  const directory = await Deno.makeTempDir({ prefix: "wikitap-secure-" });
  const authority = createAuthority("Test authority");
  const other = createAuthority("Another authority");
  const client = authority.issue({ name: "client" });
  const stranger = other.issue({ name: "stranger" });
  const ports = new Map(names().map((name) => [name, freePort()]));
  const kafka = await startKafka({
    directory,
    port: 0,
    heap: 256,
    extraConfig: (node) => ({
      ...listenerSettings(node, ports),
      ...tlsSettings("tls", authority.issue({ name: "tls", hosts: HERE }), authority.cert),
      ...tlsSettings("mutual", authority.issue({ name: "m", hosts: HERE }), authority.cert),
      "listener.name.mutual.ssl.client.auth": "required",
      ...tlsSettings("renamed", authority.issue({ name: "r", hosts: ELSEWHERE }), authority.cert),
      ...tlsSettings(
        "expired",
        authority.issue({ name: "e", hosts: HERE, days: -1 }),
        authority.cert,
      ),
      ...tlsSettings("sasltls", authority.issue({ name: "s", hosts: HERE }), authority.cert),
      ...saslSettings("sasltls", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]),
      ...saslSettings("saslplain", ["SCRAM-SHA-512"]),
      ...saslSettings("brief", ["SCRAM-SHA-512"]),
      "listener.name.brief.connections.max.reauth.ms": String(BRIEF_SESSION_MS),
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      // Clients without SASL or a certificate are anonymous, and so are the nodes themselves.
      "super.users": "User:ANONYMOUS;User:CN=client",
    }),
  });
  await addScramUser(kafka.bootstrapServers, "alice");
  return {
    at: Object.fromEntries(
      [...ports].map(([name, port]) => [name, `localhost:${port}`]),
    ) as SecureKafka["at"],
    files: {
      ca: await write(directory, "ca.pem", authority.cert),
      otherCa: await write(directory, "other-ca.pem", other.cert),
      cert: await write(directory, "client.pem", client.cert),
      key: await write(directory, "client.key", client.key),
      strangerCert: await write(directory, "stranger.pem", stranger.cert),
      strangerKey: await write(directory, "stranger.key", stranger.key),
    },
    admin: openCluster({ brokers: kafka.bootstrapServers.split(",") }),
    [Symbol.asyncDispose]: async () => {
      await kafka.stop();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

const HERE = ["localhost", "127.0.0.1"];
const ELSEWHERE = ["broker.example"];

function names(): ListenerName[] {
  return Object.keys(LISTENERS) as ListenerName[];
}

function listenerSettings(node: NodeAddress, ports: ReadonlyMap<ListenerName, number>): Properties {
  const listeners = names().map((name) => `${name.toUpperCase()}://127.0.0.1:${ports.get(name)}`);
  const advertised = names().map((name) => {
    const host = name === "lost" ? "no-such-host.invalid" : "localhost";
    return `${name.toUpperCase()}://${host}:${ports.get(name)}`;
  });
  const protocols = Object.entries(LISTENERS).map(([name, protocol]) =>
    `${name.toUpperCase()}:${protocol}`
  );
  const plain = `PLAINTEXT://127.0.0.1:${node.port}`;
  return {
    "listeners": [plain, `CONTROLLER://127.0.0.1:${node.controllerPort}`, ...listeners].join(","),
    "advertised.listeners": [plain, ...advertised].join(","),
    "listener.security.protocol.map": ["CONTROLLER:PLAINTEXT", "PLAINTEXT:PLAINTEXT", ...protocols]
      .join(","),
  };
}

function tlsSettings(name: ListenerName, { cert, key }: Certificate, ca: string): Properties {
  const prefix = `listener.name.${name}.ssl`;
  return {
    [`${prefix}.keystore.type`]: "PEM",
    [`${prefix}.keystore.certificate.chain`]: cert,
    [`${prefix}.keystore.key`]: key,
    [`${prefix}.truststore.type`]: "PEM",
    [`${prefix}.truststore.certificates`]: ca,
  };
}

function saslSettings(name: ListenerName, mechanisms: readonly string[]): Properties {
  const prefix = `listener.name.${name}`;
  const users = Object.entries(PASSWORDS).map(([user, password]) => ` user_${user}="${password}"`);
  const modules = mechanisms.map((mechanism) => [
    `${prefix}.${mechanism.toLowerCase()}.sasl.jaas.config`,
    mechanism === "PLAIN"
      ? `org.apache.kafka.common.security.plain.PlainLoginModule required${users.join("")};`
      : "org.apache.kafka.common.security.scram.ScramLoginModule required;",
  ]);
  return {
    [`${prefix}.sasl.enabled.mechanisms`]: mechanisms.join(","),
    ...Object.fromEntries(modules),
  };
}

/** Adds a SCRAM user. Kafka stores these itself, and its tool accepts one mechanism at a time. */
export async function addScramUser(
  bootstrapServer: string,
  user: keyof typeof PASSWORDS,
): Promise<void> {
  await Promise.all(
    ["SCRAM-SHA-256", "SCRAM-SHA-512"].map((mechanism) =>
      alterConfig(bootstrapServer, {
        entity: ["users", user],
        add: `${mechanism}=[password=${PASSWORDS[user]}]`,
      })
    ),
  );
}

async function write(directory: string, name: string, text: string): Promise<string> {
  const file = `${directory}/${name}`;
  await Deno.writeTextFile(file, text);
  return file;
}
