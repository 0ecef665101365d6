/** Timeouts and retries of kafkajs; all times in ms. */
interface Timeouts {
  /** For a connection, TLS handshake included. */
  readonly connectionTimeout: number;
  /** For each answer during SASL authentication. */
  readonly authenticationTimeout: number;
  /** For the answer to a request. */
  readonly requestTimeout: number;
  /** Attempts after the first. The wait between them doubles each time, ±20 %. */
  readonly retry: {
    readonly retries: number;
    readonly initialRetryTime: number;
    readonly maxRetryTime: number;
  };
}

/**
 * Returns the timeouts for checks at the start and for admin work. Every failure is reported within
 * 5 s, since a user waits for the answer. The slowest failure is a peer that accepts the connection
 * and is silent. It takes one connection timeout per attempt with TLS (3 s), and one request
 * timeout without.
 *
 * @param brokers The number of configured addresses, of which at most six are tried.
 */
export function quickTimeouts(brokers: number): Timeouts {
  const retries = Math.min(Math.max(2, brokers - 1), 5);
  return {
    connectionTimeout: 1000,
    authenticationTimeout: 1500,
    requestTimeout: 3000,
    retry: { retries, initialRetryTime: 100, maxRetryTime: 500 },
  };
}

/**
 * Timeouts for the work itself, which must survive a restart of brokers. It retries forever, with
 * waits of at most 2 s. A failure that a retry cannot cure (no permission, no such topic) is thrown
 * at once. A client that retries forever does not always stop on request: see `disconnect()`.
 */
export const patientTimeouts: Timeouts = {
  connectionTimeout: 3000,
  authenticationTimeout: 5000,
  requestTimeout: 30_000,
  retry: { retries: 1_000_000, initialRetryTime: 100, maxRetryTime: 2000 },
};

/**
 * Timeouts for a producer, which is replaced after a failure, so it retries a send for only a few
 * seconds. While Kafka completes the previous transaction, it answers CONCURRENT_TRANSACTIONS to
 * the next one, so the first wait is short.
 */
export const producerTimeouts: Timeouts = {
  connectionTimeout: 3000,
  authenticationTimeout: 5000,
  requestTimeout: 15_000,
  retry: { retries: 12, initialRetryTime: 5, maxRetryTime: 1000 },
};

/** How long a client may take to disconnect before it is abandoned, in ms. */
export const DISCONNECT_LIMIT = 5000;
