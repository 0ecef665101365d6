import { type Event, readEvent, RejectedEvent } from "./event.ts";
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
  readonly refusal: string | undefined;
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
  let refusal: string | undefined;
  try {
    if (frame.oversized) refusal = "too large";
    else event = readEvent(data, frame.text);
  } catch (error) {
    if (!(error instanceof RejectedEvent)) throw error;
    refusal = error.message;
  }
  const named = event && upstreamPartition(event.meta.topic, event.meta.partition);
  const entry = entries.find(({ key }) => key === named);
  // Each id of the service names every topic-partition that it sends.
  if (event !== undefined && entry === undefined && entries.length > 0) {
    event = undefined;
    refusal = "wrong shape: meta.topic";
  }
  if (event === undefined || named === undefined) {
    const key = ids.moved ?? entries[0]?.key ?? NOWHERE;
    return { key, timestamp: undefined, offset: undefined, id: undefined, data, event, refusal };
  }
  const { offset, id, dt } = event.meta;
  // Without an entry for the topic-partition (a stream without ids), the event's own time is used.
  const timestamp = entry?.next === undefined ? Date.parse(dt) : entry.next - 1;
  const isTime = timestamp >= 0;
  const isCredible = isTime && believes(named, timestamp);
  return {
    key: named,
    timestamp: isCredible ? timestamp : undefined,
    ahead: isTime && !isCredible ? timestamp : undefined,
    offset,
    id,
    data,
    event,
    refusal,
  };
}
