import { type Event, type Meta, readEvent, RejectedEvent } from "./event.ts";
import type { IdEntry } from "./event_id.ts";
import type { IdReader } from "./id_reader.ts";
import type { PositionUpdate } from "../position/partition_position.ts";
import { NOWHERE, upstreamPartition } from "../position/position.ts";
import type { Frame } from "./sse.ts";

/** A frame of the stream: an event, or the reason why it is rejected. */
export interface ReceivedEvent extends PositionUpdate {
  /** The upstream JSON, byte for byte. */
  readonly data: Uint8Array;
  /** The event; `undefined` if it is rejected. */
  readonly event: Event | undefined;
  /** The reason of the rejection: `bad JSON`, `wrong shape: …` or `too large`. */
  readonly rejection: string | undefined;
}

/**
 * Reads a frame.
 *
 * @param ids Reads the frame's id, in relation to the previous ids.
 * @param believes Returns whether a Kafka timestamp (ms) of a topic-partition is credible.
 */
export function readReceivedEvent(
  frame: Frame,
  ids: IdReader,
  believes: (key: string, timestamp: number) => boolean,
): ReceivedEvent {
  const { data } = frame;
  const entries = ids.read(frame.id);
  let event: Event | undefined;
  let rejection: string | undefined;
  try {
    if (frame.oversized) rejection = "too large";
    else event = readEvent(data, frame.text);
  } catch (error) {
    if (!(error instanceof RejectedEvent)) throw error;
    rejection = error.message;
  }
  const entry = event && entryOf(event.meta, entries);
  // Each id of the service names every topic-partition that it sends.
  if (event !== undefined && entry === undefined && entries.length > 0) {
    event = undefined;
    rejection = "wrong shape: meta.topic";
  }
  if (event === undefined) {
    const key = ids.moved ?? entries[0]?.key ?? NOWHERE;
    return { key, timestamp: undefined, offset: undefined, id: undefined, data, event, rejection };
  }
  const { offset, id, dt } = event.meta;
  const key = entry?.key ?? upstreamPartition(event.meta.topic, event.meta.partition);
  // Without an entry for the topic-partition (a stream without ids), the event's own time is used.
  const timestamp = entry?.next === undefined ? Date.parse(dt) : entry.next - 1;
  const isTime = timestamp >= 0;
  const isCredible = isTime && believes(key, timestamp);
  return {
    key,
    timestamp: isCredible ? timestamp : undefined,
    ahead: isTime && !isCredible ? timestamp : undefined,
    offset,
    id,
    data,
    event,
    rejection,
  };
}

/** Returns a copy in memory of its own, which stays valid when the stream is read on. */
export function ownCopy(received: ReceivedEvent): ReceivedEvent {
  const data = received.data.slice();
  return { ...received, data, event: received.event && readEvent(data) };
}

/** Returns the entry of an event's topic-partition. Its key is a text that was hashed before. */
function entryOf(
  { topic, partition }: Meta,
  entries: readonly IdEntry[],
): IdEntry | undefined {
  for (const entry of entries) {
    if (entry.partition === partition && entry.topic === topic) return entry;
  }
  return undefined;
}
