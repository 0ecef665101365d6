import type { Fault } from "../plan.ts";
import { LONGEST_FREEZE } from "../world/machine.ts";
import { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import type { FrameData } from "./frames.ts";

/** The message at one offset of an upstream topic-partition. */
export type Kind = "event" | "canary" | "bad" | "empty";

/** One message of the upstream log. */
export interface Entry {
  readonly topic: UpstreamTopic;
  /** Its index in the topic, from 0 without gaps. */
  readonly index: number;
  /** The time at which it appears, in ms since 1970. */
  readonly at: number;
  /** Its Kafka timestamp in ms, not in order. */
  readonly timestamp: number;
  /** Its `meta.offset` in the first numbering. */
  readonly offset: number;
  /** Its `meta.id`. If it repeats the id of an earlier entry, it is a duplicate of that. */
  readonly id: string;
  readonly page: number;
  readonly kind: Kind;
  /** The entry whose id this one repeats. */
  readonly duplicateOf: Entry | undefined;
}

/** One upstream topic-partition: partition 0 of a topic. */
export class UpstreamTopic {
  readonly entries: Entry[] = [];
  /** The data of sent entries in the last numbering, by index. */
  texts: (FrameData | undefined)[] = [];
  /**
   * Shifts of the offsets, because the topic was created again or mirrored. The last one is in
   * effect.
   */
  readonly shifts = [0];
  /** Entries before this index were deleted by retention. */
  first = 0;
  /** Whether the service currently does not have it. */
  isGone = false;
  /**
   * Whether it appears after the beginning. A client that does not request it then never reads it.
   */
  isLate = false;

  constructor(readonly name: string) {}

  get shift(): number {
    return this.shifts.at(-1)!;
  }

  renumber(by: number): void {
    this.shifts.push(this.shift + by);
    this.texts = [];
  }

  /** Returns the number of entries that exist at a time. */
  end(now: number): number {
    const { entries } = this;
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (entries[middle]!.at <= now) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Returns the first index whose timestamp is at least `ms`, as Kafka's time index finds it; or
   * the end.
   */
  from(ms: number, now: number): number {
    const end = this.end(now);
    for (let i = this.first; i < end; i++) if (this.entries[i]!.timestamp >= ms) return i;
    return end;
  }
}

/** The page whose records Kafka rejects. */
export const REFUSED_PAGE = 0;

const CENTERS = ["eqiad", "codfw"];

/** Creates the whole log of a history. Entries appear at their times. */
export function writeLog(world: World): UpstreamTopic[] {
  const { plan, begin } = world;
  const random = Random.of(plan.seed, "log");
  const draws = (fault: Fault) => world.draws(fault, random);
  const topics = Array.from(
    { length: plan.streams },
    (_, i) =>
      CENTERS.map((center) => new UpstreamTopic(`${center}.mediawiki.s${i === 0 ? "" : i}`)),
  ).flat();
  const switches = plan.times("data center").sort((a, b) => a - b);
  for (const _ of switches) world.count("data center");
  const next = topics.map(() => random.int(0, 5000));
  for (const after of timesOf(world, random)) {
    const at = begin + after;
    const active = switches.filter((time) => time <= after).length % CENTERS.length;
    const topic = topics[CENTERS.length * random.int(0, plan.streams - 1) + active]!;
    append(topic, at, "event");
    const idle = topics[topics.indexOf(topic) ^ 1]!;
    if (draws("canary")) append(idle, at, "canary");
    if (draws("bad frame")) append(topic, at, "bad");
    if (draws("empty frame")) append(topic, at, "empty");
    const { entries } = topic;
    if (draws("repeated id")) {
      append(
        topic,
        at,
        "event",
        { repeated: entries[entries.length - random.int(1, Math.min(9, entries.length))] },
      );
    }
  }
  // Streams do not end. So later events prove a missing anchor, and later accepted records prove
  // that a rejected one is at fault.
  for (const topic of topics) append(topic, begin + plan.duration + LAST_AFTER, "canary");
  for (let i = 0; i < LAST_EDITS && plan.rate("refused record") > 0; i++) {
    for (const topic of topics) {
      append(topic, begin + plan.duration + LAST_AFTER + 1, "event", {
        page: random.int(1, plan.pages),
      });
    }
  }
  // After a false timestamp, or a start in the future, several such events in a row are the proof.
  const mayHideAnchor = plan.rate("renumber down") > 0 && plan.rate("retention") > 0;
  for (let i = 1; i <= LAST_RUN && mayHideAnchor; i++) {
    const at = begin + plan.duration + LAST_AFTER + i;
    for (const topic of topics) append(topic, at, "canary", { timestamp: at });
  }
  // A producer that was replaced ends at its next event, and may have begun after all the others.
  for (const topic of plan.rate("second producer") > 0 ? topics : []) {
    const at = begin + plan.duration + LAST_AFTER + LAST_CONNECT;
    append(topic, at, "canary", { timestamp: at });
  }
  for (const topic of plan.rate("far ahead") > 0 ? topics : []) {
    append(topic, begin + plan.duration + LAST_AFTER + FAR_AHEAD, "canary");
  }
  return topics;

  function append(
    topic: UpstreamTopic,
    at: number,
    kind: Kind,
    { repeated, page, timestamp }: {
      readonly repeated?: Entry | undefined;
      readonly page?: number;
      readonly timestamp?: number;
    } = {},
  ): void {
    const { entries } = topic;
    const original = repeated?.kind === "event" ? repeated.duplicateOf ?? repeated : undefined;
    if (repeated !== undefined && original === undefined) return;
    const i = topics.indexOf(topic);
    // An empty frame has no offset, since a proxy created it.
    if (kind !== "empty") next[i]! += draws("gap") ? random.int(2, 30) : 1;
    entries.push({
      topic,
      index: entries.length,
      at,
      timestamp: timestamp ?? timestampOf(world, random, at),
      offset: next[i]!,
      id: original?.id ?? `${i}-${entries.length}`,
      page: original?.page ?? page ??
        (draws("refused record") ? REFUSED_PAGE : random.int(1, plan.pages)),
      kind,
      duplicateOf: original,
    });
  }
}

/** Returns the times of events, in ms after the beginning: in groups, some of which are bursts. */
function timesOf(world: World, random: Random): number[] {
  const { plan } = world;
  const times: number[] = [];
  while (times.length < plan.events) {
    const at = random.between(0, plan.duration);
    const isBurst = world.draws("burst", random);
    const size = random.int(1, isBurst ? plan.events : 2 * plan.groupSize - 1);
    const perSecond = random.magnitude(isBurst ? 1000 : 100, 20_000);
    for (let i = 0; i < size && times.length < plan.events; i++) {
      times.push(Math.floor(at + i * 1000 / perSecond));
    }
  }
  return times.sort((a, b) => a - b);
}

/** The time between all other events and the last one of each topic, in ms. */
const LAST_AFTER = 5000;
/**
 * The number of edits at the end of each topic that Kafka accepts, if it rejects others: a producer
 * decides as soon as it accepts more records than it rejects.
 */
const LAST_EDITS = 10;
/** The number of later events in a row at the end, if only those prove that an anchor is gone. */
const LAST_RUN = 16;
/** The time after the faults in which every producer connects, in ms: a freeze and a wait. */
const LAST_CONNECT = LONGEST_FREEZE + 30_000;
/** The maximum time that a false timestamp is ahead, in ms: until then, no event is later. */
export const FAR_AHEAD = 3_600_000;

const YEAR = 365 * 86_400_000;

function timestampOf(world: World, random: Random, at: number): number {
  const draws = (fault: Fault) => world.draws(fault, random);
  if (draws("years back")) return at - random.int(1, 8) * YEAR;
  if (draws("minutes back")) return at - random.int(1000, 5 * 60_000);
  if (draws("far ahead")) return at + random.int(2 * 60_000, FAR_AHEAD);
  const time = at - random.int(0, 3) - (random.chance(0.2) ? random.int(0, 46) : 0);
  if (world.plan.rate("whole seconds") === 0) return time;
  world.count("whole seconds");
  return Math.floor(time / 1000) * 1000;
}
