import { getLogger } from "@logtape/logtape";
import { within } from "../../shared/sleep.ts";
import { type Kafka, KafkaClient, logLevel, type SASLOptions } from "./kafkajs.ts";
import { socketFactory } from "./socket.ts";
import { DISCONNECT_LIMIT, patientTimeouts, producerTimeouts, quickTimeouts } from "./timeouts.ts";

/** TLS to the brokers, as PEM texts. Without `ca`, the CAs that Deno trusts are used. */
export interface TlsConfig {
  /** Certificates of the authorities that may sign the brokers' certificates. */
  readonly ca?: string | undefined;
  /** The certificate of the client. It needs `key`. */
  readonly cert?: string | undefined;
  /** The private key of `cert`, not encrypted. */
  readonly key?: string | undefined;
}

/** SASL authentication of the client. */
export interface SaslConfig {
  /** The SASL mechanism. */
  readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
  /** The name of the Kafka user. */
  readonly username: string;
  /** The password of the user; never logged. */
  readonly password: string;
}

/** The addresses of a Kafka cluster, and how to connect. */
export interface ClusterConfig {
  /** `host:port` of some of the brokers; the others are discovered. */
  readonly brokers: readonly string[];
  /** Default: no TLS. */
  readonly tls?: TlsConfig | undefined;
  /** Default: no authentication. */
  readonly sasl?: SaslConfig | undefined;
  /** The client's name in the brokers' logs and quotas. Default `wikitap`. */
  readonly clientId?: string;
}

/** Facts about connections that kafkajs's errors lack. */
export interface ConnectionDiagnostics {
  /** Code of the last TLS failure. An alert is not replaced by a later failure. */
  tlsFailure?: string;
}

/** The clients of a cluster. Nothing is opened until one of them connects. */
export interface Cluster {
  /** The configuration that the clients were made from. */
  readonly config: ClusterConfig;
  /** For checks at the start and admin work: fails within 5 s. */
  readonly quick: Kafka;
  /** For the work itself: retries through a restart of brokers. */
  readonly patient: Kafka;
  /** For producers, which are replaced after a failure. */
  readonly producing: Kafka;
  /** Facts for `explain()`. */
  readonly diagnostics: Readonly<ConnectionDiagnostics>;
}

/** Makes the clients of a cluster. */
export function openCluster(config: ClusterConfig): Cluster {
  const diagnostics: ConnectionDiagnostics = {};
  return {
    config,
    quick: openClient(config, quickTimeouts(config.brokers.length), diagnostics, () => {}),
    patient: openClient(config, patientTimeouts, diagnostics, warnOfTrouble()),
    producing: openClient(config, producerTimeouts, diagnostics, () => {}),
    diagnostics,
  };
}

function openClient(
  config: ClusterConfig,
  timeouts: typeof patientTimeouts,
  diagnostics: ConnectionDiagnostics,
  onConnectionError: (message: string) => void,
): Kafka {
  return new KafkaClient({
    ...timeouts,
    clientId: config.clientId ?? "wikitap",
    brokers: [...config.brokers],
    ...config.tls === undefined ? {} : { ssl: sslOptions(config.tls) },
    ...config.sasl === undefined ? {} : { sasl: { ...config.sasl } as SASLOptions },
    socketFactory: socketFactory({
      limit: timeouts.connectionTimeout,
      onTlsFailure: (code) => rememberTls(diagnostics, code),
    }),
    logLevel: logLevel.WARN,
    logCreator: () => ({ label, log }) => {
      if (log.message.startsWith("Connection error")) onConnectionError(log.message);
      logger.debug("{level} of kafkajs: {message}", {
        level: label,
        message: log.error === undefined ? log.message : `${log.message}: ${log.error}`,
      });
    },
  });
}

/** The interval at which a continuing failure is logged, in ms. */
const WARN_INTERVAL = 30_000;

/**
 * Logs failed connections. A client that retries forever gives no other sign of an unreachable
 * broker. "Write after end" is ignored: either kafkajs itself closed the connection at the end of a
 * program, or the broker did, and the error of the next connection has a better reason.
 */
function warnOfTrouble(): (message: string) => void {
  let last = -Infinity;
  let count = 0;
  return (message) => {
    if (message.endsWith("write after end")) return;
    count++;
    if (performance.now() - last < WARN_INTERVAL) return;
    last = performance.now();
    logger.warn("Cannot reach a broker: {message}; retrying (failures so far: {count})", {
      message,
      count,
    });
  };
}

const logger = getLogger(["wikitap", "kafka"]);

function sslOptions({ ca, cert, key }: TlsConfig): { ca?: string[]; cert?: string; key?: string } {
  return {
    ...ca === undefined ? {} : { ca: [ca] },
    ...cert === undefined || key === undefined ? {} : { cert, key },
  };
}

/**
 * Keeps a TLS alert, which has the broker's reason for rejecting the client. With TLS 1.3, it
 * arrives after the handshake. The write that fails because of it may be reported before or after
 * the alert, and must not replace it.
 */
function rememberTls(diagnostics: ConnectionDiagnostics, code: string): void {
  if (code.includes("_ALERT_") || !diagnostics.tlsFailure?.includes("_ALERT_")) {
    diagnostics.tlsFailure = code;
  }
}

/**
 * Disconnects a client, and abandons it after `limit` ms, since kafkajs can wait forever for an
 * unreachable broker. Never throws.
 *
 * @param limit Default 5,000 ms.
 * @returns Whether the client disconnected in time and without a failure.
 */
export async function disconnect(
  client: { disconnect(): Promise<void> },
  limit = DISCONNECT_LIMIT,
): Promise<boolean> {
  return await within(limit, client.disconnect().then(() => true, () => false)) ?? false;
}
