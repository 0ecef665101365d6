import { Position } from "../../../lib/upstream/position/position.ts";
import { Deduplicator, type Gap } from "../../../lib/upstream/resume/deduplicator.ts";

export const KEY = "eqiad.mediawiki.recentchange/0";

/** One frame of an upstream log, as the position sees it. */
export interface LogEntry {
  readonly key: string;
  readonly timestamp: number | undefined;
  readonly ahead?: number;
  readonly offset: number | undefined;
  readonly id: string | undefined;
  readonly isRepeated?: boolean;
  /** Its index in the list of all events, whose order no resume may change. */
  readonly serial: number;
}

export function entry(
  serial: number,
  timestamp: number,
  offset: number = serial,
  id = `id-${serial}`,
): LogEntry {
  return { key: KEY, timestamp, offset, id, serial };
}

export function refused(serial: number, timestamp: number): LogEntry {
  return { ...entry(serial, timestamp), offset: undefined, id: undefined };
}

export const serials = (entries: readonly LogEntry[]) => entries.map(({ serial }) => serial);

const timeOf = ({ timestamp, ahead }: LogEntry) => timestamp ?? ahead ?? 0;

/** Reads a log as the stream does: connects at T minus a margin, and drops duplicates. */
export class LogReader {
  readonly gaps: Gap[] = [];
  readonly #onGap = (gap: Gap) => this.gaps.push(gap);
  /** The position of the events received. */
  position: Position;
  deduplicator: Deduplicator<LogEntry>;
  /** The position of the events handled, which is saved. */
  #handled: Position;
  readonly seen: LogEntry[] = [];
  rereads = 0;

  constructor(start = 0) {
    this.position = new Position(start);
    this.#handled = this.position.copy();
    this.deduplicator = new Deduplicator(this.position, this.#onGap);
  }

  /**
   * Reads from the position on, at most `count` entries per connection.
   *
   * @param brings Returns whether the connection brings an entry, or loses it.
   */
  read(
    log: readonly LogEntry[],
    count = Infinity,
    margin = 0,
    brings: (one: LogEntry) => boolean = () => true,
  ): void {
    const limit = this.rereads + 50;
    while (!this.#connection(log, count, margin, brings)) {
      if (++this.rereads > limit) throw new Error("re-reads without end");
    }
  }

  /** Restarts: only the saved position remains. */
  restart(): void {
    this.position = Position.fromJSON(JSON.parse(JSON.stringify(this.#handled)));
    this.#handled = this.position.copy();
    this.deduplicator = new Deduplicator(this.position, this.#onGap);
  }

  /** Whether it reached its end without a re-read. */
  #connection(
    log: readonly LogEntry[],
    count: number,
    margin: number,
    brings: (one: LogEntry) => boolean,
  ): boolean {
    this.deduplicator.connected();
    const from = startOf(log, (this.position.get(KEY)?.timestamp ?? 0) - margin);
    for (const one of log.slice(from, from + count)) {
      if (brings(one) && this.take(one) === "reread") return false;
    }
    return true;
  }

  take(one: LogEntry): "handled" | "reread" {
    const fresh: LogEntry[] = [];
    const verdict = this.deduplicator.take(one, fresh);
    for (const each of fresh) {
      this.#handled.advance(each);
      if (!each.isRepeated) this.seen.push(each);
    }
    return verdict;
  }
}

/** Returns where the service starts for a time: at its first entry with at least that timestamp. */
function startOf(log: readonly LogEntry[], ms: number): number {
  const index = log.findIndex((one) => timeOf(one) >= ms);
  return index === -1 ? log.length : index;
}
