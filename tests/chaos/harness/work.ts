import { getLogger } from "@logtape/logtape";
import type { Cluster } from "../../../lib/kafka/client/cluster.ts";
import { savedPosition } from "../../../lib/kafka/publish/position/position_store.ts";
import { sleep } from "../../../lib/shared/sleep.ts";

const log = getLogger(["wikitap", "chaos"]);

/** The interval at which the position is read, in ms. */
const LOOK_EVERY = 500;
/** A frozen broker and then a frozen producer can take 80 s without progress. */
const PATIENCE = 180_000;

interface WorkOptions {
  readonly cluster: Cluster;
  /** Where the producer keeps its position. */
  readonly place: { readonly group: string; readonly topic: string };
  /** The number of events. */
  readonly total: number;
  /** The time without progress after which the work ends, in ms (default 180,000). */
  readonly patience?: number | undefined;
  readonly stop?: AbortSignal | undefined;
}

/** The progress of a producer, by its saved position. */
export class Work {
  readonly total: number;
  readonly #options: WorkOptions;
  readonly #over = new AbortController();
  #handled = 0;

  constructor(options: WorkOptions) {
    this.#options = options;
    this.total = options.total;
  }

  get handled(): number {
    return this.#handled;
  }

  /** Aborted when the work is over. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  end(): void {
    this.#over.abort();
  }

  /** Waits until this part of the work is done, from 0 to 1. */
  async reached(part: number): Promise<void> {
    while (this.#handled < part * this.total && !this.isOver) await sleep(20);
  }

  /** Waits until all events are handled, or until there is no more progress. */
  async untilDone(progress: () => string): Promise<void> {
    const { cluster, place, stop, patience = PATIENCE } = this.#options;
    let progressAt = performance.now();
    let reportedAt = progressAt;
    while (this.#handled < this.total && !stop?.aborted) {
      await sleep(LOOK_EVERY, stop);
      const saved = await savedPosition(cluster, place).catch(() => undefined);
      const now = performance.now();
      if ((saved?.handled ?? 0) > this.#handled) progressAt = now;
      this.#handled = saved?.handled ?? this.#handled;
      if (now - progressAt > patience) {
        return log.error("No progress any more: judging what is there");
      }
      if (now - reportedAt < 5000) continue;
      reportedAt = now;
      log.info("{handled} of {total} events; {progress}", {
        handled: this.#handled,
        total: this.total,
        progress: progress(),
      });
    }
  }
}
