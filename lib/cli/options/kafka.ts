import { getLogger } from "@logtape/logtape";
import { rightHint, UsageError, UserError } from "../../shared/error.ts";
import type { ClusterConfig, SaslConfig, TlsConfig } from "../../kafka/client/cluster.ts";
import { checkAuthority, checkClientCertificate, type PemFile } from "../../kafka/client/pem.ts";
import { flag, option, type OptionGroup, type Values } from "../option.ts";
import { address, listOf, oneOf, topicName } from "../values.ts";

/** Where Kafka is, and how to speak to it; the same in every program. */
export const kafkaOptions = {
  title: "Kafka",
  options: {
    bootstrapServer: option({
      placeholder: "HOST:PORT[,…]",
      alias: ["bootstrap_server"],
      env: "KAFKA_BROKERS",
      help: "Addresses of one or more brokers; the rest are discovered. IPv6: [::1]:9092.",
      parse: listOf(address),
      default: ["localhost:9092"],
    }),
    tls: flag("Speak TLS to the brokers."),
    tlsCa: option({
      placeholder: "FILE",
      help:
        "The authority that signed the brokers' certificates, in PEM. Default: those that Deno trusts.",
      parse: String,
    }),
    tlsCert: option({
      placeholder: "FILE",
      help: "The client's own certificate, in PEM, with its chain.",
      parse: String,
    }),
    tlsKey: option({
      placeholder: "FILE",
      help: "The key of the client's certificate, in PEM, without a passphrase.",
      parse: String,
    }),
    sasl: option({
      placeholder: "MECHANISM",
      help:
        "Say who you are by plain, scram-sha-256 or scram-sha-512. The password comes from the environment variable KAFKA_SASL_PASSWORD, and from nowhere else.",
      parse: oneOf("plain", "scram-sha-256", "scram-sha-512"),
    }),
    saslUsername: option({
      placeholder: "NAME",
      help: "The user's name for --sasl.",
      parse: String,
    }),
  },
} satisfies OptionGroup;

/** The topic of programs that work on one. */
export const topicOption = option({
  placeholder: "NAME",
  alias: ["topic_name"],
  help: "The topic.",
  parse: topicName,
  default: "wikipedia-events",
});

type KafkaValues = Values<typeof kafkaOptions.options>;

/** What is read from outside; for tests. */
interface Sources {
  readonly env: (name: string) => string | undefined;
  readonly readFile: (file: string) => string;
}

const PASSWORD = "KAFKA_SASL_PASSWORD";

/**
 * The cluster that the flags describe: combinations checked, files and password read.
 * Warns of a password that travels without TLS.
 *
 * @throws {UsageError} for combinations that make no sense.
 * @throws {UserError} for files that cannot be read or used.
 */
export function clusterConfig(
  values: KafkaValues,
  { env, readFile }: Sources = { env: Deno.env.get, readFile: Deno.readTextFileSync },
): ClusterConfig {
  const tls = tlsConfig(values, readFile);
  const sasl = saslConfig(values, env);
  if (sasl !== undefined && tls === undefined) {
    getLogger(["wikitap", "kafka"]).warn(
      "SASL without --tls: whoever listens on the network can learn the password",
    );
  }
  return { brokers: values.bootstrapServer, tls, sasl };
}

function tlsConfig(values: KafkaValues, readFile: Sources["readFile"]): TlsConfig | undefined {
  const { tls, tlsCa, tlsCert, tlsKey } = values;
  if (!tls) {
    for (
      const [name, file] of Object.entries({
        "tls-ca": tlsCa,
        "tls-cert": tlsCert,
        "tls-key": tlsKey,
      })
    ) {
      if (file !== undefined) throw new UsageError(`--${name} needs --tls`);
    }
    return undefined;
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new UsageError("--tls-cert and --tls-key need each other");
  }
  const read = (file: string | undefined) =>
    file === undefined ? undefined : pemFile(file, readFile);
  const [ca, cert, key] = [read(tlsCa), read(tlsCert), read(tlsKey)];
  if (ca !== undefined) checkAuthority(ca);
  if (cert !== undefined && key !== undefined) checkClientCertificate(cert, key);
  return { ca: ca?.text, cert: cert?.text, key: key?.text };
}

function saslConfig(values: KafkaValues, env: Sources["env"]): SaslConfig | undefined {
  const { sasl: mechanism, saslUsername: username } = values;
  if (mechanism === undefined) {
    if (username !== undefined) throw new UsageError("--sasl-username needs --sasl");
    return undefined;
  }
  if (username === undefined) throw new UsageError("--sasl needs --sasl-username");
  const password = env(PASSWORD) || undefined;
  if (password === undefined) {
    throw new UsageError(`--sasl needs a password in the environment variable ${PASSWORD}`);
  }
  return { mechanism, username, password };
}

function pemFile(file: string, readFile: Sources["readFile"]): PemFile {
  try {
    return { file, text: readFile(file) };
  } catch (cause) {
    throw new UserError(`Cannot read '${file}': ${reasonOf(cause)}`, {
      hint: cause instanceof Deno.errors.NotCapable ? rightHint(`--allow-read=${file}`) : undefined,
    });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "no permission";
  if (error instanceof Deno.errors.NotCapable) return "this program was not given the right";
  return error instanceof Error ? error.message : String(error);
}
