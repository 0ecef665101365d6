import type { ConnectionState } from "./connection_state.ts";
import { KNOWN_IDS } from "./known_ids.ts";

/**
 * The ids of events that were dropped before an anchor, until it is known that they were handled:
 * at most as many as are known later, of all topic-partitions (10 MiB).
 */
export class DroppedIds {
  #size = 0;

  /** Forgets all of them, at the start of a connection. */
  clear(): void {
    this.#size = 0;
  }

  /**
   * Keeps those of a connection that ended before its anchor: the next one may begin later, after
   * the first copy of an id. They leave room for as many new ones.
   */
  carry({ mode, mayBePast, knowsIds, droppedIds }: ConnectionState, next: ConnectionState): void {
    const isSure = mode === "resuming" && !mayBePast && !knowsIds;
    if (!isSure || this.#size + droppedIds.size > KNOWN_IDS / 2) return;
    next.droppedIds = droppedIds;
    this.#size += droppedIds.size;
  }

  /** Adds the id of an event. If there are too many, it forgets those of its topic-partition. */
  add(id: string, connection: ConnectionState): void {
    if (this.#size >= KNOWN_IDS) this.take(connection);
    if (this.#size >= KNOWN_IDS || connection.droppedIds.has(id)) return;
    connection.droppedIds.add(id);
    this.#size++;
  }

  /** Removes those of a topic-partition, and returns them. */
  take(connection: ConnectionState): ReadonlySet<string> {
    const { droppedIds } = connection;
    connection.droppedIds = new Set();
    this.#size -= droppedIds.size;
    return droppedIds;
  }
}
