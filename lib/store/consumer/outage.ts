import { getLogger } from "@logtape/logtape";
import type { PatienceOptions } from "./patience.ts";
import type { Progress } from "./progress.ts";
import type { Unavailable } from "../sink.ts";

const logger = getLogger(["wikitap", "store"]);

/** Whether the database is away: told to the log and to the progress when it changes. */
export class Outage {
  readonly #progress: Pick<Progress, "away">;
  #isAway = false;

  constructor(progress: Pick<Progress, "away">) {
    this.#progress = progress;
  }

  /** How work on the database is to wait, until `signal` is aborted. */
  patience(signal: AbortSignal): PatienceOptions {
    return { signal, onAway: (error) => this.#begin(error), onBack: () => this.#end() };
  }

  #begin({ message }: Unavailable): void {
    if (this.#isAway) return;
    this.#isAway = true;
    this.#progress.away(true);
    logger.warn("Cannot write to the database: {reason}; trying until it is back", {
      reason: message,
    });
  }

  #end(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#progress.away(false);
    logger.info("The database is back");
  }
}
