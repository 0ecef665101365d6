import {
  type Claim,
  type ClaimRequest,
  outcomeOf,
  type Sink,
  type SinkBatch,
  SQL_ADVICE,
  type StoredPosition,
  type WriteOutcome,
} from "../../../lib/store/sink.ts";
import type { Wire } from "./wire.ts";

/** Committed rows: their partition, and the offsets before and after them. */
export interface StoredRows {
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
  readonly offsets: readonly bigint[];
}

/** A database of any kind. */
export interface Store {
  /** Opens the database for a member. */
  open(concurrency: number): Promise<Sink>;
  readonly positions: ReadonlyMap<number, { readonly next: bigint }>;
  /** Called when a position moves, with the rows that are stored up to it. */
  onWrite: (rows: StoredRows) => void;
}

/** A transactional database, which writes rows and offset together, under the newest claim. */
export class Database implements Store {
  readonly positions = new Map<number, StoredPosition>();
  /** Called with each transaction that is committed. */
  onWrite: (rows: StoredRows) => void = () => {};
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  open(concurrency: number): Promise<Sink> {
    return Promise.resolve(new DatabaseLink(this, this.#wire, concurrency));
  }

  claim({ topicId, partition, group, first }: ClaimRequest): Claim {
    const { next = first, epoch = 0n } = this.positions.get(partition) ?? {};
    this.positions.set(partition, { next, epoch: epoch + 1n, group });
    return { topicId, partition, epoch: epoch + 1n, next };
  }

  write(batch: SinkBatch): WriteOutcome {
    const { claim, next, rows } = batch;
    const { partition } = claim;
    const stored = this.positions.get(partition);
    if (stored?.epoch !== claim.epoch || stored.next !== claim.next) {
      return outcomeOf(batch, stored);
    }
    this.positions.set(partition, { ...stored, next });
    const offsets = [...rows.edits, ...rows.bad].map(({ offset }) => offset);
    this.onWrite({ partition, from: claim.next, to: next, offsets });
    return { claim: { ...claim, next } };
  }
}

/** The database, as one member reaches it. */
class DatabaseLink implements Sink {
  readonly databaseId = "simulated";
  readonly advice = SQL_ADVICE;
  readonly #database: Database;
  readonly #wire: Wire;

  constructor(database: Database, wire: Wire, readonly concurrency: number) {
    this.#database = database;
    this.#wire = wire;
  }

  addTopic(): Promise<number> {
    return Promise.resolve(1);
  }

  claim(wanted: ClaimRequest): Promise<Claim> {
    return this.#wire.ask("database: claim", () => this.#database.claim(wanted));
  }

  write(batch: SinkBatch): Promise<WriteOutcome> {
    return this.#wire.ask("database: write", () => this.#database.write(batch));
  }

  flush(): Promise<readonly never[]> {
    return Promise.resolve([]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
