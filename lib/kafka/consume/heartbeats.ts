import { protocolErrorType } from "../errors/explain.ts";

/** Well below the heartbeat interval, which kafkajs keeps to by itself (ms). */
const INTERVAL_MS = 500;

/**
 * Keeps a member in its group while it handles a batch, since that may take longer than the session:
 * a database or a schema registry may be away.
 */
export class Heartbeats implements Disposable {
  /** Aborted when the batch is no longer this member's to handle. */
  readonly signal: AbortSignal;
  /** Kafka's refusal of a heartbeat. Thrown to kafkajs, it makes it join again. */
  refusal: Error | undefined;
  readonly #heartbeat: () => Promise<void>;
  readonly #lost = new AbortController();
  readonly #release: () => void;

  /**
   * @param heartbeat Sends one, if one is due.
   * @param membership Aborted when the member has joined anew.
   */
  constructor(heartbeat: () => Promise<void>, membership: AbortSignal) {
    this.#heartbeat = heartbeat;
    this.signal = this.#lost.signal;
    const abort = () => this.#lost.abort();
    membership.addEventListener("abort", abort);
    if (membership.aborted) abort();
    const timer = setInterval(() => this.send().catch(() => {}), INTERVAL_MS);
    this.#release = () => {
      clearInterval(timer);
      membership.removeEventListener("abort", abort);
    };
  }

  /**
   * Sends a heartbeat if one is due.
   *
   * @throws Kafka's refusal, which is also kept, or a connection error.
   */
  async send(): Promise<void> {
    try {
      await this.#heartbeat();
    } catch (error) {
      // A broken connection is no refusal: the next request notices it.
      if (protocolErrorType(error) !== undefined) {
        this.refusal ??= error as Error;
        this.#lost.abort();
      }
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#release();
  }
}
