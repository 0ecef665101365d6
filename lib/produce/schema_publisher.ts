import type { Batch, Published, Publisher, PublisherCounts } from "../kafka/publish/publisher.ts";

/** The parts of a {@linkcode SchemaPublisher}. */
export interface SchemaPublisherOptions {
  /** Publishes the batches. */
  readonly publisher: Publisher;
  /** Topics whose schema is registered, or that have none. */
  readonly known: Iterable<string>;
  /** Registers the schema of a topic; throws a `UserError` if the registry rejects it. */
  readonly register: (topic: string, signal: AbortSignal) => Promise<void>;
}

/**
 * Registers the schema of a topic before its first record: for templates whose topics are not known
 * at the start. A rejection by the registry ends the publishing, and the batch stays pending.
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

  /** The counts of the publisher. */
  get counts(): PublisherCounts {
    return this.#publisher.counts;
  }

  /** Opens the publisher. */
  open(): ReturnType<Publisher["open"]> {
    return this.#publisher.open();
  }

  /**
   * Registers missing schemas, and publishes a batch.
   *
   * @throws {UserError} if the registry rejects a schema, and errors of the publisher.
   */
  async publish(batch: Batch, signal: AbortSignal): Promise<Published | "rejected"> {
    for (const { topic } of batch.records) {
      if (this.#known.has(topic)) continue;
      await this.#register(topic, signal);
      this.#known.add(topic);
    }
    return await this.#publisher.publish(batch, signal);
  }

  /** Closes the publisher. */
  close(): Promise<void> {
    return this.#publisher.close();
  }
}
