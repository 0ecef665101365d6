import type { Cluster } from "../kafka/client/cluster.ts";
import { type PositionPlace, savedPosition } from "../kafka/publish/position/position_store.ts";
import { sleep } from "../shared/sleep.ts";
import { DISORDER } from "../upstream/back_fill.ts";
import { Position } from "../upstream/position/position.ts";
import type { LastEvent } from "./source.ts";

/** The interval at which the position is read, in ms. */
const LOOK_EVERY_MS = 500;

/** The progress of a producer, by its saved position. */
export interface ProducerProgress {
  /** Returns whether it has handled an event. */
  readonly hasHandled: (key: string, event: LastEvent) => boolean;
  /** Whether it has handled all of the span. */
  readonly isComplete: boolean;
}

/** Names the producer, and the span that it is to handle. */
export interface WaitOptions {
  /** The cluster that has the position. */
  readonly cluster: Cluster;
  /** The group and the topic of the position. */
  readonly place: PositionPlace;
  /** The last event of the span in each upstream topic-partition. */
  readonly last: ReadonlyMap<string, LastEvent>;
  /** How long to wait while the position does not move, in ms. */
  readonly patienceMs: number;
  /** Ends the wait. */
  readonly stop: AbortSignal;
  /** Called with the part of the upstream topic-partitions that are handled, from 0 to 1. */
  readonly onProgress?: (part: number) => void;
}

/**
 * Waits until a producer has handled a span. Gives up if the position stops moving.
 *
 * @returns `undefined` if no position is saved.
 * @throws {UserError} if the position cannot be read.
 */
export async function waitForProducer(
  { cluster, place, last, patienceMs, stop, onProgress }: WaitOptions,
): Promise<ProducerProgress | undefined> {
  let handled = -1;
  let movedAt = performance.now();
  while (true) {
    const saved = await savedPosition(cluster, place);
    if (saved === undefined) return undefined;
    const position = Position.fromJSON(saved.position);
    const hasHandled = (key: string, event: LastEvent) => isHandled(position, key, event);
    const done = [...last].filter(([key, event]) => hasHandled(key, event)).length;
    onProgress?.(last.size === 0 ? 1 : done / last.size);
    if (saved.handled !== handled) movedAt = performance.now();
    handled = saved.handled;
    const isComplete = done === last.size;
    if (isComplete || performance.now() - movedAt > patienceMs || stop.aborted) {
      return { hasHandled, isComplete };
    }
    await sleep(LOOK_EVERY_MS, stop);
  }
}

/** Compares by offset, or by time in case upstream was renumbered. */
function isHandled(position: Position, key: string, { offset, timestamp }: LastEvent): boolean {
  const last = position.get(key);
  if (last === undefined) return false;
  return offset <= last.offset || timestamp + DISORDER < last.timestamp;
}
