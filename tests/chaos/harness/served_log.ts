/** Properties of a log that are the same for every reader. */
import { ByteBuffer } from "../../../lib/replay/byte_buffer.ts";
import type { EventLog, TopicLog } from "../../../lib/replay/log.ts";
import { fraction, hash } from "../../../lib/replay/random.ts";

/** A time span of a log, in ms on its clock, whose events have their timestamps within 4 s. */
export interface Burst {
  readonly from: number;
  readonly to: number;
}

/** The length of a burst by its timestamps, in ms: less than the producer's margin of 5 s. */
const BURST_MS = 4000;

/** Maps the times of a log to those that it has with bursts. */
export class Warp {
  readonly #bursts: readonly Burst[];

  /** @param bursts In order, each of 4 s or more. */
  constructor(bursts: readonly Burst[]) {
    this.#bursts = bursts;
  }

  time(time: number): number {
    return this.#bursts.reduce((warped, burst) => warped - removed(burst, time), time);
  }

  /** Returns the time before the warp. */
  source(warped: number): number {
    let shift = 0;
    for (const burst of this.#bursts) {
      const into = warped + shift - burst.from;
      if (into < 0) break;
      const length = burst.to - burst.from;
      if (into < BURST_MS) return burst.from + into * length / BURST_MS;
      shift += length - BURST_MS;
    }
    return warped + shift;
  }
}

/** Returns the elapsed length of a burst at a time before the warp, in ms. */
function removed({ from, to }: Burst, time: number): number {
  const length = to - from;
  return Math.min(Math.max(0, time - from), length) * (1 - BURST_MS / length);
}

/** Returns the same events at warped times. */
export function warped(log: EventLog, warp: Warp): EventLog {
  const topics = log.topics.map((topic): TopicLog => {
    const due = (index: number) => Math.floor(warp.time(topic.due(index)));
    const timestamp = (index: number) => Math.floor(warp.time(topic.timestamp(index)));
    const firstDue = (time: number) => {
      let index = topic.firstDue(warp.source(time));
      while (index > topic.first && due(index - 1) >= time) index--;
      while (index < topic.end && due(index) < time) index++;
      return index;
    };
    // No timestamp is later than its event is due.
    const firstAt = (time: number) => {
      let index = firstDue(time);
      while (index < topic.end && timestamp(index) < time) index++;
      return index;
    };
    return { ...topic, due, timestamp, firstDue, firstAt };
  });
  return { origin: Math.floor(warp.time(log.origin)), topics };
}

/** The purposes of random choices. */
const Salt = { repeated: 0x6368_0010, distance: 0x6368_0020 } as const;
/** The maximum offsets between a repeated event and its first copy: 2 s, or 67 ms in a burst. */
const MAX_DISTANCE = 200;
/**
 * The maximum time between them, in ms. In the topic of the idle data center 200 offsets are many
 * minutes. A producer that restarted in between does not know the first copy: it reads again from 5
 * s before its position.
 */
const MAX_SPAN = 2000;

/** Where a log repeats events. */
export interface Repeats {
  readonly seed: number;
  /** The mean number of events before a repeated one. */
  readonly every: number;
  /** Returns whether events with such a timestamp (ms) can be repeated (default: all). */
  readonly isWanted?: (timestamp: number) => boolean;
}

/** Returns the same log with one event in `every`, on average, replaced by an earlier one. */
export function withRepeats(
  log: EventLog,
  { seed, every, isWanted = () => true }: Repeats,
): EventLog {
  const topics = log.topics.map((topic, number): TopicLog => ({
    ...topic,
    write: (index, to) => {
      const distance = 1 + hash(seed, Salt.distance + number, index) % MAX_DISTANCE;
      const isRepeated = fraction(seed, Salt.repeated + number, index) < 1 / every;
      const earlier = index - distance;
      const isNear = earlier >= topic.first &&
        Math.abs(topic.timestamp(index) - topic.timestamp(earlier)) <= MAX_SPAN;
      if (!isRepeated || !isNear || !isWanted(topic.timestamp(index))) {
        return topic.write(index, to);
      }
      const copy = new ByteBuffer();
      topic.write(earlier, copy);
      to.text(withOffset(copy.take(), topic.offset(earlier), topic.offset(index)));
    },
  }));
  return { ...log, topics };
}

function withOffset(event: Uint8Array, from: number, to: number): string {
  const text = new TextDecoder().decode(event);
  return text.replace(`"offset":${from}`, `"offset":${to}`);
}
