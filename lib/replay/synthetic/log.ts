import { activeEvents } from "./active.ts";
import { idleCanaries } from "./canaries.ts";
import { type EventLog, streamsOf, type TopicLog } from "../log.ts";
import { type EventSequence, firstAt, splice } from "./source.ts";
import { type StreamName, STREAMS } from "./streams.ts";

/** The topic of the stream `recentchange` in the data center eqiad. */
export const EQIAD = "eqiad.mediawiki.recentchange";
/** The topic of the stream `recentchange` in the data center codfw. */
export const CODFW = "codfw.mediawiki.recentchange";

/** The content of a synthetic log. */
export interface SyntheticOptions {
  /** The stream whose events are invented (default `recentchange`). */
  readonly stream?: StreamName;
  /** Determines everything: a whole number from 0 to 2^32 - 1. */
  readonly seed?: number;
  /** When event 0 appears, in ms. Before 2019, events have the envelope of those years. */
  readonly start?: number;
  /** Events per second by their timestamps, above 0. */
  readonly rate?: number;
  /** The time in ms before which events cannot be read any more. */
  readonly from?: number;
  /** The number of events from `from` on, in the active topic. */
  readonly count?: number;
  /** The mean number of events between canaries; the idle topic has as many in the same time. */
  readonly canaryEvery?: number;
  /**
   * The event of the active topic, counted from `start`, with which the other topic becomes active.
   */
  readonly switchAt?: number;
  /** The number of each topic's first event; other numbers for the same events. */
  readonly offsets?: { readonly eqiad: number; readonly codfw: number };
}

/** The default time of event 0: 2025-01-01. */
export const START: number = Date.UTC(2025, 0, 1);

/**
 * Returns an endless log of invented events, recent changes by default. Every event is a pure
 * function of the options, its topic and its index. So any event can be read at any time, and
 * memory does not grow: it holds at most 4,000 templates (about 12 MB), each made when it is first
 * needed.
 *
 * Mix, sizes and quirks are those of Wikimedia's stream in 2026: 51 % categorize, 38 % edit, 6 %
 * log, 5 % new, about 45 % by bots; 1.4 KB on average. Timestamps are nearly ascending: 2 % equal
 * the previous one, 20 % go back by at most 46 ms, and one in 400 is years back.
 *
 * @throws {RangeError} for a rate that is not above 0, or counts that are not whole numbers above
 * 0.
 */
export function syntheticLog(options: SyntheticOptions = {}): EventLog {
  const { seed = 0, start = START, rate = 40, from = start, count = Infinity } = options;
  const { canaryEvery = Math.ceil(rate * 900), switchAt = Infinity } = options;
  const { offsets = { eqiad: 4_100_000_000, codfw: 800_000_000 } } = options;
  check({ seed, rate, count, canaryEvery });
  const { topic: name, canary, choices } = STREAMS[options.stream ?? "recentchange"];
  const active = activeEvents({ seed, start, rate, canaryEvery, choose: choices(seed), canary });
  const canaries = idleCanaries({ seed, start, interval: canaryEvery * 1000 / rate, canary });

  const firstEvent = active.firstDue(from);
  const endEvent = firstEvent + count;
  const endTime = count === Infinity ? Infinity : active.due(endEvent - 1) + 1;
  // The number of canaries that the other topic had before it became the active one.
  const switched = switchAt === Infinity ? Infinity : canaries.firstDue(active.due(switchAt));

  const eqiad = splice(active, switchAt, canaries, switched);
  const codfw = splice(canaries, switched, active, switchAt);
  const end = {
    eqiad: endEvent <= switchAt ? endEvent : eqiad.firstDue(endTime),
    codfw: endEvent <= switchAt ? canaries.firstDue(endTime) : switched + endEvent - switchAt,
  };
  const topic = (
    name: string,
    source: EventSequence,
    end: number,
    firstOffset: number,
  ): TopicLog => ({
    topic: name,
    partition: 0,
    streams: streamsOf(name),
    first: source.firstDue(from),
    end,
    offset: (index) => firstOffset + index,
    timestamp: source.timestamp,
    due: source.due,
    firstDue: (time) => Math.min(end, source.firstDue(time)),
    firstAt: (timestamp) => firstAt(source, timestamp, end),
    firstFrom: (offset) => Math.min(end, Math.max(0, offset - firstOffset)),
    write: (index, to) => source.write(index, to, name, firstOffset + index),
  });
  return {
    origin: active.due(firstEvent),
    topics: [
      topic(`eqiad.${name}`, eqiad, end.eqiad, offsets.eqiad),
      topic(`codfw.${name}`, codfw, end.codfw, offsets.codfw),
    ],
  };
}

/**
 * Returns a log of recent changes, and of page-create and page_change.v1 in the same time, as
 * `syntheticLog()` makes them. Rate, count and the distance of canaries are those of recentchange.
 */
export function syntheticStreams(options: SyntheticOptions = {}): EventLog {
  const logs = Object.entries(STREAMS).map(([stream, { share }], number) => {
    const { seed = 0, rate = 40, count = Infinity, canaryEvery } = options;
    return syntheticLog({
      ...options,
      stream: stream as StreamName,
      seed: (seed + number) >>> 0,
      rate: rate * share,
      count: Math.ceil(count * share),
      ...canaryEvery === undefined ? {} : { canaryEvery: Math.ceil(canaryEvery * share) },
    });
  });
  return { origin: logs[0]!.origin, topics: logs.flatMap(({ topics }) => topics) };
}

function check(options: Readonly<Record<"seed" | "rate" | "count" | "canaryEvery", number>>): void {
  const { seed, rate, count, canaryEvery } = options;
  if (seed >>> 0 !== seed) throw invalid("seed", "a whole number from 0 to 2^32 - 1", seed);
  if (!(rate > 0 && rate < Infinity)) throw invalid("rate", "above 0", rate);
  for (const [name, value] of Object.entries({ count, canaryEvery })) {
    if (value === Infinity || Number.isSafeInteger(value) && value > 0) continue;
    throw invalid(name, "a whole number above 0", value);
  }
}

function invalid(name: string, wanted: string, value: number): RangeError {
  return new RangeError(`Cannot make events as '${name}' must be ${wanted}: it is ${value}`);
}
