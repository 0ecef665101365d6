import { CANARY, type Kind, makeBody, oldEnvelope } from "./events/bodies.ts";
import { type EventLog, streamsOf, type TopicLog } from "./events/log.ts";
import type { ByteBuffer } from "./events/byte_buffer.ts";
import { fraction, hash, uuid } from "./events/random.ts";
import { compile, type Template } from "./events/template.ts";

/** The topics of the stream `recentchange`, one per data centre. */
export const EQIAD = "eqiad.mediawiki.recentchange";
export const CODFW = "codfw.mediawiki.recentchange";

export interface SyntheticOptions {
  /** Everything follows from it: a whole number from 0 to 2^32 - 1. */
  readonly seed?: number;
  /** When event 0 appears (ms); of before 2019, events have the envelope of those years. */
  readonly start?: number;
  /** Events per second that the timestamps suggest, above 0. */
  readonly rate?: number;
  /** Events of before this time (ms) can't be read any more. */
  readonly from?: number;
  /** How many events there are from `from` on, in the topic that is active. */
  readonly count?: number;
  /** A canary event on average every so many events; one in the idle topic in the same time. */
  readonly canaryEvery?: number;
  /** With this event of the active topic, counted from `start`, the other topic becomes the active one. */
  readonly switchAt?: number;
  /** The number of the first event of each topic; other numbers for the same events. */
  readonly offsets?: { readonly eqiad: number; readonly codfw: number };
}

/** Event 0 appears then, where nothing else is said: 2025-01-01. */
export const START: number = Date.UTC(2025, 0, 1);

/**
 * An endless log of invented recent changes. Every event is a pure function of the options, its
 * topic and its index, so that any of them can be read at any time, and memory does not grow: it
 * holds some 4,000 templates (about 12 MB) at the most, each made when it is first needed.
 *
 * Mix, sizes and quirks are those of Wikimedia's stream in 2026: 51 % categorize, 38 % edit, 6 %
 * log, 5 % new, about 45 % by bots; 1.4 KB on average. Timestamps are nearly ascending: 2 % equal
 * the one before, 20 % go back, by 46 ms at the most, and one of 400 lies years back.
 */
export function syntheticLog(options: SyntheticOptions = {}): EventLog {
  const { seed = 0, start = START, rate = 40, from = start, count = Infinity } = options;
  const { canaryEvery = Math.ceil(rate * 900), switchAt = Infinity } = options;
  const { offsets = { eqiad: 4_100_000_000, codfw: 800_000_000 } } = options;
  const active = activeEvents({ seed, start, rate, canaryEvery });
  const canaries = idleCanaries({ seed, start, interval: canaryEvery * 1000 / rate });

  const firstEvent = active.firstDue(from);
  const endEvent = firstEvent + count;
  const endTime = count === Infinity ? Infinity : active.due(endEvent - 1) + 1;
  // The other topic has had so many canaries when it becomes the active one.
  const switched = switchAt === Infinity ? Infinity : canaries.firstDue(active.due(switchAt));

  const eqiad = splice(active, switchAt, canaries, switched);
  const codfw = splice(canaries, switched, active, switchAt);
  const end = {
    eqiad: endEvent <= switchAt ? endEvent : eqiad.firstDue(endTime),
    codfw: endEvent <= switchAt ? canaries.firstDue(endTime) : switched + endEvent - switchAt,
  };
  const topic = (name: string, source: Source, end: number, firstOffset: number): TopicLog => ({
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
      topic(EQIAD, eqiad, end.eqiad, offsets.eqiad),
      topic(CODFW, codfw, end.codfw, offsets.codfw),
    ],
  };
}

/** A sequence of events that does not know yet which topic it is in. */
interface Source {
  due(index: number): number;
  timestamp(index: number): number;
  firstDue(time: number): number;
  write(index: number, to: ByteBuffer, topic: string, offset: number): void;
}

/** `before` up to its index `length`, then `after` from its index `skip` on. */
function splice(before: Source, length: number, after: Source, skip: number): Source {
  if (length === Infinity) return before;
  const moved = (index: number) => index - length + skip;
  return {
    due: (index) => index < length ? before.due(index) : after.due(moved(index)),
    timestamp: (index) => index < length ? before.timestamp(index) : after.timestamp(moved(index)),
    firstDue: (time) => {
      const index = before.firstDue(time);
      return index < length ? index : length + Math.max(0, after.firstDue(time) - skip);
    },
    write: (index, to, topic, offset) =>
      index < length
        ? before.write(index, to, topic, offset)
        : after.write(moved(index), to, topic, offset),
  };
}

/** No timestamp is later than the event is due, so the search may begin with the first due then. */
function firstAt(source: Source, timestamp: number, end: number): number {
  let index = source.firstDue(timestamp);
  while (index < end && source.timestamp(index) < timestamp) index++;
  return Math.min(index, end);
}

/** Evenly spaced times: the index of the first at `time` or later. */
function firstDueOf(due: (index: number) => number, guess: number, time: number): number {
  if (time === Infinity) return Infinity;
  let index = Math.max(0, Math.ceil(guess));
  while (index > 0 && due(index - 1) >= time) index--;
  while (due(index) < time) index++;
  return index;
}

/** What the random bits of an event are drawn for. */
const Salt = {
  kind: 1,
  bot: 2,
  template: 3,
  late: 4,
  delay: 5,
  uuid: 6,
  request: 7,
  size: 8,
  canary: 9,
  canaryUuid: 10,
} as const;

const KINDS: readonly { readonly kind: Kind; readonly upTo: number; readonly bots: number }[] = [
  { kind: "categorize", upTo: 0.51, bots: 0.45 },
  { kind: "edit", upTo: 0.89, bots: 0.49 },
  { kind: "log", upTo: 0.949, bots: 0.24 },
  { kind: "142", upTo: 0.95, bots: 0 },
  { kind: "new", upTo: 1, bots: 0.18 },
];

const TEMPLATES = 512;
const YEAR = 365 * 86_400_000;
const NEW_ENVELOPE = Date.UTC(2019, 0, 1);

interface Made {
  readonly template: Template;
  readonly ids: number;
}

/** The templates of a seed, each made when it is first asked for. */
function templates(seed: number) {
  const pools: Made[][] = KINDS.flatMap(() => [[], [], [], []]);
  return (kind: number, bot: boolean, old: boolean, number: number): Made => {
    const pool = pools[4 * kind + 2 * Number(bot) + Number(old)]!;
    return pool[number] ??= make(KINDS[kind]!.kind, bot, old, number);
  };
  function make(kind: Kind, bot: boolean, old: boolean, number: number): Made {
    const { wiki, body } = makeBody(seed, kind, bot, number);
    return { template: compile(old ? oldEnvelope(body) : body), ids: wiki.ids };
  }
}

function activeEvents(
  { seed, start, rate, canaryEvery }: {
    seed: number;
    start: number;
    rate: number;
    canaryEvery: number;
  },
): Source {
  const templateOf = templates(seed);
  const ownId = uuid(seed, Salt.uuid, 0);
  const requestId = uuid(seed, Salt.request, 0);
  const formatTime = timeFormat();
  const canary = compile(CANARY);
  const due = (index: number) => start + Math.floor(index * 1000 / rate);
  const late = (index: number) => fraction(seed, Salt.late, index) < 0.327;

  const timestamp = (index: number) => {
    // Late ones take their turn from the event before, which is not late itself: a third, less those.
    if (index === 0 || !late(index) || late(index - 1)) return due(index);
    const draw = hash(seed, Salt.delay, index);
    if (draw % 88 === 1) return due(index) - (1 + draw % 8) * YEAR;
    return draw % 11 === 0 ? due(index - 1) : due(index - 1) - 1 - draw % 46;
  };

  const isCanary = (index: number) => {
    const block = Math.floor(index / canaryEvery);
    return index - block * canaryEvery === hash(seed, Salt.canary, block) % canaryEvery;
  };

  return {
    due,
    timestamp,
    firstDue: (time) => firstDueOf(due, (time - start) * rate / 1000, time),
    write: (index, to, topic, offset) => {
      const time = timestamp(index);
      const old = due(index) < NEW_ENVELOPE;
      const dt = formatTime(time, old);
      const size = hash(seed, Salt.size, index);
      const slots = {
        uuid: uuid(seed, Salt.uuid, index, ownId),
        // One request makes several events: an edit, and what it does to categories.
        requestId: uuid(seed, Salt.request, Math.floor(index / 3), requestId),
        dt,
        topic,
        offset,
        timestamp: Math.floor(time / 1000),
        id: 0,
        logId: 160_000_000 + index,
        oldRevision: 1_200_000_000 + index - 1 - size % 5000,
        newRevision: 1_200_000_000 + index,
        oldLength: 200 + size % 60_000,
        newLength: 100 + size % 60_000 + (size >>> 20),
      };
      if (isCanary(index)) return canary(slots, to);
      const draw = fraction(seed, Salt.kind, index);
      const kind = KINDS.findIndex(({ upTo }) => draw < upTo);
      const bot = fraction(seed, Salt.bot, index) < KINDS[kind]!.bots;
      const number = hash(seed, Salt.template, index) % TEMPLATES;
      const { template, ids } = templateOf(kind, bot, old, number);
      slots.id = ids + index;
      template(slots, to);
    },
  };
}

function idleCanaries(
  { seed, start, interval }: { seed: number; start: number; interval: number },
): Source {
  const canary = compile(CANARY);
  const formatTime = timeFormat();
  const due = (index: number) => start + Math.floor((index + 0.5) * interval);
  return {
    due,
    timestamp: due,
    firstDue: (time) => firstDueOf(due, (time - start) / interval - 0.5, time),
    write: (index, to, topic, offset) =>
      canary({
        uuid: uuid(seed, Salt.canaryUuid, index),
        requestId: uuid(seed, Salt.canaryUuid, -1 - index),
        dt: formatTime(due(index), due(index) < NEW_ENVELOPE),
        topic,
        offset,
        timestamp: 0,
        id: 0,
        logId: 0,
        oldRevision: 0,
        newRevision: 0,
        oldLength: 0,
        newLength: 0,
      }, to),
  };
}

/** `meta.dt` as it is written now, or in the way of before 2019. */
function timeFormat(): (time: number, old: boolean) => string {
  let second = NaN;
  let text = "";
  return (time, old) => {
    const ms = time - Math.floor(time / 1000) * 1000;
    if (time - ms !== second) {
      second = time - ms;
      text = new Date(second).toISOString().slice(0, 19);
    }
    return old ? `${text}+00:00` : `${text}.${String(ms).padStart(3, "0")}Z`;
  };
}
