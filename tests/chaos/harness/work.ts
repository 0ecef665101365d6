import { getLogger } from "@logtape/logtape";
import type { Cluster } from "../../../lib/kafka/client/cluster.ts";
import { savedPosition } from "../../../lib/kafka/publish/position/position_store.ts";
import { sleep } from "../../../lib/shared/sleep.ts";

const log = getLogger(["wikitap", "chaos"]);

/** How often the position is looked at, in ms. */
const LOOK_EVERY = 500;
/** A frozen broker and then a frozen producer are no progress for 80 s. */
const PATIENCE = 180_000;

interface WorkOptions {
  readonly cluster: Cluster;
  /** Where the producer keeps its position. */
  readonly place: { readonly group: string; readonly topic: string };
  /** Events in all. */
  readonly total: number;
  /** Without progress for so long, in ms (default 180,000), it is over. */
  readonly patience?: number | undefined;
  readonly stop?: AbortSignal | undefined;
}

/** How far a producer has come, by the position that it saved. */
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

  /** Aborted when there is nothing left to disturb. */
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

  /** Waits until all events are handled, or nothing goes on any more. */
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
