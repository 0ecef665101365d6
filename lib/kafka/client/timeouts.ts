/** How long kafkajs waits, and how often it tries again; all in ms. */
interface Patience {
  /** For a connection, TLS handshake included. */
  readonly connectionTimeout: number;
  /** For each answer while SASL is spoken. */
  readonly authenticationTimeout: number;
  /** For the answer to a request. */
  readonly requestTimeout: number;
  /** Tries after the first; the wait between them doubles, ±20 %. */
  readonly retry: {
    readonly retries: number;
    readonly initialRetryTime: number;
    readonly maxRetryTime: number;
  };
}

/**
 * For checks at start and admin work, where a person waits for the answer: every failure is told in
 * less than 5 s. The longest is a peer that accepts the connection and is silent: with TLS one
 * connection timeout a try (3 s), without it one request timeout.
 *
 * @param brokers How many addresses are known: each of them is tried, up to six.
 */
export function quickTimeouts(brokers: number): Patience {
  const retries = Math.min(Math.max(2, brokers - 1), 5);
  return {
    connectionTimeout: 1000,
    authenticationTimeout: 1500,
    requestTimeout: 3000,
    retry: { retries, initialRetryTime: 100, maxRetryTime: 500 },
  };
}

/**
 * For the work itself, which goes on through a restart of brokers: tries for ever, every 2 s at the
 * slowest. What is not worth another try (no rights, no such topic) fails at once all the same.
 * A client that tries for ever does not always end when it is told to: see `disconnect()`.
 */
export const patientTimeouts: Patience = {
  connectionTimeout: 3000,
  authenticationTimeout: 5000,
  requestTimeout: 30_000,
  retry: { retries: 1_000_000, initialRetryTime: 100, maxRetryTime: 2000 },
};

/**
 * For a producer, which a failure makes a new one of: it tries a send for a few seconds only. Every
 * transaction is first answered CONCURRENT_TRANSACTIONS while Kafka still completes the one before,
 * so the first wait is short.
 */
export const producerTimeouts: Patience = {
  connectionTimeout: 3000,
  authenticationTimeout: 5000,
  requestTimeout: 15_000,
  retry: { retries: 12, initialRetryTime: 5, maxRetryTime: 1000 },
};

/** How long a client may take to say goodbye before it is left behind. */
export const DISCONNECT_LIMIT = 5000;
