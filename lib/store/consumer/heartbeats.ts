import { protocolErrorType } from "../../kafka/errors/explain.ts";

/** Well below the heartbeat interval, which kafkajs keeps to by itself (ms). */
const EVERY = 500;

/**
 * Keeps a member in its group while it works on a batch: the work may take longer than the session,
 * above all where the database is away.
 */
export class Heartbeats implements Disposable {
  /** Aborted when the member is no longer the one that got the batch. */
  readonly signal: AbortSignal;
  /** Kafka's refusal of a heartbeat, which makes kafkajs join again where it is thrown to it. */
  refusal: Error | undefined;
  readonly #release: () => void;

  /**
   * @param heartbeat Sends one, if one is due.
   * @param membership Aborted when the member has joined anew.
   */
  constructor(heartbeat: () => Promise<void>, membership: AbortSignal) {
    const lost = new AbortController();
    this.signal = lost.signal;
    const abort = () => lost.abort();
    membership.addEventListener("abort", abort);
    if (membership.aborted) abort();
    const timer = setInterval(async () => {
      try {
        await heartbeat();
      } catch (error) {
        // A broken connection is no refusal: whoever uses it next will see it.
        if (protocolErrorType(error) === undefined) return;
        this.refusal ??= error as Error;
        lost.abort();
      }
    }, EVERY);
    this.#release = () => {
      clearInterval(timer);
      membership.removeEventListener("abort", abort);
    };
  }

  [Symbol.dispose](): void {
    this.#release();
  }
}
