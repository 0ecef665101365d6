import type { Batch, Published, Publisher, PublisherCounts } from "../kafka/publish/publisher.ts";

/** What a {@linkcode SchemaPublisher} is made of. */
export interface SchemaPublisherOptions {
  readonly publisher: Publisher;
  /** Topics whose schema is registered, or that have none. */
  readonly known: Iterable<string>;
  /** Registers the schema of a topic; throws a `UserError` where that cannot be. */
  readonly register: (topic: string, signal: AbortSignal) => Promise<void>;
}

/**
 * Before a topic gets its first record, its schema is registered: for templates whose topics are
 * not known at the start. What the registry refuses ends the publishing, and the batch stays in
 * hand.
 */
export class SchemaPublisher implements Publisher {
  readonly #publisher: Publisher;
  readonly #known: Set<string>;
  readonly #register: SchemaPublisherOptions["register"];

  constructor({ publisher, known, register }: SchemaPublisherOptions) {
    this.#publisher = publisher;
    this.#known = new Set(known);
    this.#register = register;
  }

  get counts(): PublisherCounts {
    return this.#publisher.counts;
  }

  open(): ReturnType<Publisher["open"]> {
    return this.#publisher.open();
  }

  async publish(batch: Batch, signal: AbortSignal): Promise<Published | undefined> {
    for (const { topic } of batch.records) {
      if (this.#known.has(topic)) continue;
      await this.#register(topic, signal);
      this.#known.add(topic);
    }
    return await this.#publisher.publish(batch, signal);
  }

  close(): Promise<void> {
    return this.#publisher.close();
  }
}
