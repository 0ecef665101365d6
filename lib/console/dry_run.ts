import { getLogger } from "@logtape/logtape";
import {
  type Batch,
  newPublisherCounts,
  type Published,
  type Publisher,
  type PublisherCounts,
} from "../kafka/publish/publisher.ts";
import { outgoingJsonOf } from "./json.ts";

/** Prints records as one JSON object per line. Nothing is sent to Kafka or saved. */
export class DryRun implements Publisher {
  /** The counters of a publisher that is always connected. */
  readonly counts: PublisherCounts = { ...newPublisherCounts(), connected: true };
  readonly #write: (text: string) => Promise<void>;

  /** @param write Writes the lines of a batch. */
  constructor(write: (text: string) => Promise<void>) {
    this.#write = write;
  }

  open(): Promise<undefined> {
    getLogger(["wikitap", "produce"]).info(
      "Dry run: records are printed, no position is read or saved",
    );
    return Promise.resolve(undefined);
  }

  async publish({ records }: Batch): Promise<Published> {
    await this.#write(records.map((record) => `${outgoingJsonOf(record)}\n`).join(""));
    this.counts.batches++;
    return { count: records.length, rejected: [] };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
