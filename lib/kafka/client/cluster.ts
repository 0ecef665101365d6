import { getLogger } from "@logtape/logtape";
import { type Kafka, KafkaClient, logLevel, type SASLOptions } from "./kafkajs.ts";
import { socketFactory } from "./socket.ts";
import { DISCONNECT_LIMIT, patientTimeouts, producerTimeouts, quickTimeouts } from "./timeouts.ts";

/** TLS to the brokers: PEM texts. Without `ca` the system's roots are trusted. */
export interface TlsConfig {
  readonly ca?: string | undefined;
  /** Certificate and key of the client, both or none. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** How the client says who it is. */
export interface SaslConfig {
  readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
  readonly username: string;
  readonly password: string;
}

/** Where a Kafka cluster is, and how to speak to it. */
export interface ClusterConfig {
  /** `host:port` of some of the brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  readonly tls?: TlsConfig | undefined;
  readonly sasl?: SaslConfig | undefined;
  /** The name that the brokers' logs and quotas show. Default `wikitap`. */
  readonly clientId?: string;
}

/** What the log of kafkajs and its sockets tell, and its errors do not. */
export interface Remembered {
  /** Why a broker last did not name the coordinator of a group or a transactional id. */
  coordinatorError?: string;
  /** Code of the last failure of TLS that says something. */
  tlsFailure?: string;
}

/** A cluster to speak to; nothing is opened until one of its clients connects. */
export interface Cluster {
  readonly config: ClusterConfig;
  /** For checks at start and admin work: gives up, with the failure named, in less than 5 s. */
  readonly quick: Kafka;
  /** For the work itself: goes on through a restart of brokers. */
  readonly patient: Kafka;
  /** For producers, which are made anew after a failure. */
  readonly producing: Kafka;
  /** For `explain()`. */
  readonly remembered: Readonly<Remembered>;
}

/** See {@linkcode Cluster}. */
export function openCluster(config: ClusterConfig): Cluster {
  const remembered: Remembered = {};
  return {
    config,
    quick: openClient(config, quickTimeouts(config.brokers.length), remembered, () => {}),
    patient: openClient(config, patientTimeouts, remembered, warnOfTrouble()),
    producing: openClient(config, producerTimeouts, remembered, () => {}),
    remembered,
  };
}

function openClient(
  config: ClusterConfig,
  timeouts: typeof patientTimeouts,
  remembered: Remembered,
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
      onTlsFailure: (code) => rememberTls(remembered, code),
    }),
    logLevel: logLevel.WARN,
    logCreator: () => ({ label, log }) => {
      if (log.message.startsWith("Response GroupCoordinator")) {
        remembered.coordinatorError = String(log.error);
      }
      if (log.message.startsWith("Connection error")) onConnectionError(log.message);
      logger.debug("{level} of kafkajs: {message}", {
        level: label,
        message: log.error === undefined ? log.message : `${log.message}: ${log.error}`,
      });
    },
  });
}

/** How often a trouble that lasts is told, in ms. */
const WARN_INTERVAL = 30_000;

/**
 * The only sign that a patient client gives of a broker that is away. A write behind the end of a
 * connection is none: it is so where kafkajs itself closed it, at the end of a program, and where the
 * broker did, the next connection says more.
 */
function warnOfTrouble(): (message: string) => void {
  let last = -Infinity;
  let count = 0;
  return (message) => {
    if (message.endsWith("write after end")) return;
    count++;
    if (performance.now() - last < WARN_INTERVAL) return;
    last = performance.now();
    logger.warn("A broker cannot be reached, trying again: {message} (failures so far: {count})", {
      ...{ message, count },
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
 * An alert says why the broker refused the client. With TLS 1.3 it comes after the handshake, and
 * a write that fails because of it may be noticed first, or last: that one must not replace it.
 */
function rememberTls(remembered: Remembered, code: string): void {
  if (code.includes("_ALERT_") || !remembered.tlsFailure?.includes("_ALERT_")) {
    remembered.tlsFailure = code;
  }
}

/**
 * Disconnects a client, and leaves it behind after `limit` ms: kafkajs can wait for ever where a
 * broker is away. Never throws; `false` when it did not come to an end in order.
 */
export async function disconnect(
  client: { disconnect(): Promise<void> },
  limit = DISCONNECT_LIMIT,
): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => timer = setTimeout(resolve, limit, false));
  try {
    return await Promise.race([client.disconnect().then(() => true, () => false), late]);
  } finally {
    clearTimeout(timer);
  }
}
