import { protocolErrorType } from "../errors/explain.ts";

/** The interval of attempts, in ms: well below the heartbeat interval, which kafkajs observes. */
const INTERVAL_MS = 500;

/**
 * Keeps a member in its group while it handles a batch. That may take longer than the session, for
 * example while a database or a schema registry is unavailable.
 */
export class Heartbeats implements Disposable {
  /** Aborted when this member may no longer handle the batch. */
  readonly signal: AbortSignal;
  /**
   * Kafka's rejection of a heartbeat. If it is thrown to kafkajs, kafkajs joins the group again.
   */
  refusal: Error | undefined;
  readonly #heartbeat: () => Promise<void>;
  readonly #lost = new AbortController();
  readonly #release: () => void;

  /**
   * Starts sending heartbeats.
   *
   * @param heartbeat Sends a heartbeat if one is due.
   * @param membership Aborted when the member has joined again.
   */
  constructor(heartbeat: () => Promise<void>, membership: AbortSignal) {
    this.#heartbeat = heartbeat;
    this.signal = this.#lost.signal;
    const abort = () => this.#lost.abort();
    membership.addEventListener("abort", abort);
    if (membership.aborted) abort();
    const timer = setInterval(() => void this.send(), INTERVAL_MS);
    this.#release = () => {
      clearInterval(timer);
      membership.removeEventListener("abort", abort);
    };
  }

  /**
   * Sends a heartbeat if one is due. Keeps Kafka's rejection in `refusal`. Never rejects.
   *
   * @returns `false` if it was rejected, or if the connection failed, so that nothing is known.
   */
  async send(): Promise<boolean> {
    try {
      await this.#heartbeat();
      return true;
    } catch (error) {
      // A broken connection is not a rejection: the next request notices it.
      if (protocolErrorType(error) !== undefined) {
        this.refusal ??= error as Error;
        this.#lost.abort();
      }
      return false;
    }
  }

  /** Stops sending heartbeats. */
  [Symbol.dispose](): void {
    this.#release();
  }
}
