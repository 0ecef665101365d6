import { getLogger } from "@logtape/logtape";
import type { ClusterConfig, SaslConfig, TlsConfig } from "../../kafka/client/cluster.ts";
import { checkAuthority, checkClientCertificate, type PemFile } from "../../kafka/client/pem.ts";
import { permissionHint, UsageError, UserError } from "../../shared/error.ts";
import type { KafkaValues } from "../options/kafka.ts";

/** Access to the environment and to files, replaced in tests. */
export interface Sources {
  /** Reads an environment variable. */
  readonly env: (name: string) => string | undefined;
  /** Reads a text file. */
  readonly readFile: (file: string) => string;
}

const PASSWORD = "KAFKA_SASL_PASSWORD";

/**
 * Returns the cluster that the options describe. Validates combinations, and reads the files and
 * the password. Logs a warning if a password would be sent without TLS.
 *
 * @throws {UsageError} if options contradict each other.
 * @throws {UserError} if a file cannot be read or used.
 */
export function clusterConfig(
  values: KafkaValues,
  { env, readFile }: Sources = { env: Deno.env.get, readFile: Deno.readTextFileSync },
): ClusterConfig {
  const tls = tlsConfig(values, readFile);
  const sasl = saslConfig(values, env);
  if (sasl !== undefined && tls === undefined) {
    getLogger(["wikitap", "kafka"]).warn(
      "SASL without --tls: the password is readable on the network",
    );
  }
  return { brokers: values.bootstrapServer, tls, sasl };
}

function tlsConfig(values: KafkaValues, readFile: Sources["readFile"]): TlsConfig | undefined {
  const { tls, tlsCa, tlsCert, tlsKey } = values;
  if (!tls) {
    const files = { "tls-ca": tlsCa, "tls-cert": tlsCert, "tls-key": tlsKey };
    for (const [name, file] of Object.entries(files)) {
      if (file !== undefined) throw new UsageError(`Cannot use --${name} without --tls`);
    }
    return undefined;
  }
  checkPair(values);
  const read = (file: string | undefined) =>
    file === undefined ? undefined : pemFile(file, readFile);
  const [ca, cert, key] = [read(tlsCa), read(tlsCert), read(tlsKey)];
  if (ca !== undefined) checkAuthority(ca);
  if (cert !== undefined && key !== undefined) checkClientCertificate(cert, key);
  return { ca: ca?.text, cert: cert?.text, key: key?.text };
}

/**
 * Checks that a certificate comes with its key.
 *
 * @throws {UsageError} if only one of the two is given.
 */
export function checkPair({ tlsCert, tlsKey }: Pick<KafkaValues, "tlsCert" | "tlsKey">): void {
  if ((tlsCert === undefined) === (tlsKey === undefined)) return;
  throw new UsageError("Cannot use only one of --tls-cert and --tls-key: expected both");
}

function saslConfig(values: KafkaValues, env: Sources["env"]): SaslConfig | undefined {
  const { sasl: mechanism, saslUsername: username } = values;
  if (mechanism === undefined) {
    if (username !== undefined) throw new UsageError("Cannot use --sasl-username without --sasl");
    return undefined;
  }
  if (username === undefined) throw new UsageError("Cannot use --sasl without --sasl-username");
  const password = env(PASSWORD) || undefined;
  if (password === undefined) {
    throw new UsageError(`Cannot use --sasl without the environment variable ${PASSWORD}`);
  }
  return { mechanism, username, password };
}

function pemFile(file: string, readFile: Sources["readFile"]): PemFile {
  try {
    return { file, text: readFile(file) };
  } catch (cause) {
    throw new UserError(`Cannot read '${file}': ${reasonOf(cause)}`, {
      hint: cause instanceof Deno.errors.NotCapable
        ? permissionHint(`--allow-read=${file}`)
        : undefined,
    });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "the file does not exist";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) return "missing Deno permission";
  return error instanceof Error ? error.message : String(error);
}
