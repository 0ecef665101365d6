import type { SimulatedMessage } from "../kafka/protocol.ts";
import type { SimulatedKafka } from "../kafka/cluster.ts";
import type { World } from "../world/world.ts";
import { type Entry, REFUSED_PAGE, type UpstreamTopic } from "../upstream/log.ts";
import { placesOf, type SavedPlace } from "./saved_places.ts";

/** A rule that a history violated. */
export interface Failure {
  /** Few words that stay the same while the history is made smaller. */
  readonly kind:
    | "lost"
    | "duplicated"
    | "out of order"
    | "not served"
    | "counted twice"
    | "position ahead"
    | "stuck"
    | "defect"
    | "ended"
    | "noisy"
    | "too large"
    | "too much in memory";
  readonly detail: string;
}

/** Where the records go, and where the position is kept. */
export const TOPIC = "edits";
export const GROUP = "wikitap-simulated";

/** Characters that Kafka keeps with an offset by default. */
const MAX_METADATA = 4096;

const decoder = new TextDecoder();

/** Compares what was published with what upstream had. */
export class Checker {
  readonly failures: Failure[] = [];
  /** Events must arrive from the first arrival on: it is not known what "now" was. */
  isVague = false;
  readonly #topics: readonly UpstreamTopic[];
  readonly #kafka: SimulatedKafka;
  readonly #world: World;
  readonly #byId = new Map<string, Entry>();
  /** By topic and offset of the first numbering. */
  readonly #byOffset = new Map<UpstreamTopic, Map<number, Entry[]>>();
  readonly #entries = new WeakMap<SimulatedMessage, Entry>();
  /** How often each entry was committed. */
  readonly #seen = new Map<Entry, number>();
  /** Entries before it are committed, or need not be. */
  readonly #complete = new Map<UpstreamTopic, number>();
  /** Where each topic was first read from. */
  readonly #from = new Map<UpstreamTopic, number>();
  /** Where a topic that appeared late was read from, as long as no place in it is saved. */
  readonly #lateFrom = new Map<UpstreamTopic, number>();
  /** Entries that may be duplicated: see {@linkcode excuse}. */
  readonly #excused = new Set<Entry>();
  /** Entries that need not arrive. */
  readonly #expired = new Set<Entry>();
  readonly #believed = new Set<Entry>();

  constructor(world: World, topics: readonly UpstreamTopic[], kafka: SimulatedKafka) {
    this.#world = world;
    this.#topics = topics;
    this.#kafka = kafka;
    for (const topic of topics) {
      this.#byOffset.set(topic, Map.groupBy(topic.entries, ({ offset }) => offset));
      for (const entry of topic.entries) {
        if (entry.duplicateOf === undefined) this.#byId.set(entry.id, entry);
      }
    }
    kafka.onCommit = (messages) => this.#noteCommitted(messages);
    kafka.onComplete = (_, commits) => {
      if (commits) this.checkPosition();
    };
  }

  fail(kind: Failure["kind"], detail: string): void {
    this.failures.push({ kind, detail });
    this.#world.trace(() => `CHECK: ${kind}: ${detail}`);
  }

  /**
   * A connection reads topics from these entries on; the first one says what has to arrive. What
   * comes later with an earlier timestamp than `since`, before anything else of its topic, need
   * not: a reader that has no event of a topic yet can only ask for it by time.
   */
  noteCursors(cursors: ReadonlyMap<UpstreamTopic, number>, since: number): void {
    const saved = placesOf(this.#saved?.metadata);
    const isNamed = (topic: UpstreamTopic) => saved.some(({ name }) => name === topic.name);
    // Without transactions a late request puts the position back, perhaps to before any event. Who
    // goes on from there does not know of a topic that is not there at that moment.
    const isShared = this.#world.plan.delivery === "at-least-once";
    for (const topic of this.#topics) {
      if (!isShared || topic.isLate || !topic.isGone || isNamed(topic)) continue;
      topic.isLate = true;
      this.#from.delete(topic);
      this.#complete.delete(topic);
    }
    if (this.isVague) return;
    for (const [topic, cursor] of cursors) {
      if (this.#from.has(topic)) continue;
      const inTime = topic.entries.findIndex(({ timestamp }) => timestamp >= since);
      const from = Math.max(
        this.#lateFrom.get(topic) ?? 0,
        cursor,
        inTime < 0 ? topic.entries.length : inTime,
      );
      // Others may have asked for it, too, before one of them saved a place in it; and without
      // transactions one that has not may save after that.
      if (topic.isLate && (isShared || !isNamed(topic))) {
        this.#lateFrom.set(topic, from);
        continue;
      }
      this.#from.set(topic, this.#lateFrom.get(topic) ?? from);
      this.#complete.delete(topic);
    }
  }

  /** "From now on", by a clock that is wrong: what has to arrive begins with what arrives first. */
  #beginNow(): void {
    const { now } = this.#world.scheduler;
    for (const topic of this.#topics) {
      if (this.#from.has(topic) || topic.isLate) continue;
      const inTime = topic.entries.findIndex(({ at, timestamp }) => at > now && timestamp >= now);
      this.#from.set(topic, inTime < 0 ? topic.entries.length : inTime);
      // Until now nothing was due.
      this.#complete.delete(topic);
    }
  }

  /** Entries that are gone upstream need not arrive any more. */
  expire(topic: UpstreamTopic, before: number): void {
    const { entries } = topic;
    // What is left and older than what is gone cannot be found by time any more.
    const times = entries.slice(0, before)
      .filter((entry) => entry.timestamp <= entry.at || this.#believed.has(entry))
      .map(({ timestamp }) => timestamp);
    const highest = Math.max(...times);
    let end = before;
    while (end < entries.length && entries[end]!.timestamp < highest) end++;
    for (const entry of entries.slice(topic.first, end)) this.#expired.add(entry);
    topic.first = Math.max(topic.first, before);
  }

  /** Notes an entry whose false timestamp a reader believes, since its clock is as far ahead. */
  misled(entry: Entry): void {
    this.#believed.add(entry);
  }

  /** A topic without events is read from a start that is in the future: what it had is skipped. */
  skip(topic: UpstreamTopic, before: number): void {
    if (!this.isVague) return;
    for (const entry of topic.entries.slice(0, before)) this.#expired.add(entry);
  }

  /** Allows duplicates: a renumbering and a restart came at the same moment. */
  excuse(topic: UpstreamTopic, from: number, to: number): void {
    for (const entry of topic.entries.slice(from, to)) this.#excused.add(entry);
  }

  /**
   * Returns the entries that a saved place may name as the last one handled, in order. Its id is
   * saved as a fingerprint, so they are found by the offset in each numbering that the topic had.
   */
  entriesOf(topic: UpstreamTopic, { offset }: SavedPlace): Entry[] {
    if (offset < 0) return [];
    return topic.shifts.flatMap((shift) => this.#byOffset.get(topic)!.get(offset - shift) ?? [])
      .sort((a, b) => a.index - b.index);
  }

  /** Whether all that has to arrive has arrived. */
  get isComplete(): boolean {
    return this.#topics.every((topic) => this.#completeUpTo(topic) >= topic.entries.length);
  }

  /** The first entry that has not arrived. */
  get missing(): string {
    const topic = this.#topics.find((topic) => this.#completeUpTo(topic) < topic.entries.length);
    const entry = topic?.entries[this.#completeUpTo(topic)];
    return entry === undefined ? "nothing" : describe(entry, this.#world);
  }

  get #saved() {
    return this.#kafka.groups.get(GROUP)?.get(`${TOPIC}/0`);
  }

  /** No record may be missing of what the saved position says is handled. */
  checkPosition(): void {
    const { metadata = "" } = this.#saved ?? {};
    if (metadata.length > MAX_METADATA) {
      this.fail("too large", `a position of ${metadata.length} characters`);
    }
    const places = placesOf(metadata);
    this.#checkRejected(places);
    for (const place of places) {
      const topic = this.#topics.find(({ name }) => name === place.name);
      if (topic === undefined) continue;
      const entries = this.entriesOf(topic, place);
      const complete = this.#completeUpTo(topic);
      if (entries.length === 0 || complete > Math.min(...entries.map(({ index }) => index))) {
        continue;
      }
      const missing = topic.entries[complete]!.id;
      return this.fail(
        "position ahead",
        `the position is after ${entries[0]!.id} of ${topic.name}, and ${missing} is not there`,
      );
    }
  }

  /** No rejected frame may be counted twice, if it is known where it belongs. */
  #checkRejected(places: readonly SavedPlace[]): void {
    const isMoved = this.#topics.some(({ shifts, first }) => shifts.length > 1 || first > 0);
    if (isMoved || this.#world.isUnclear) return;
    const refused = places.reduce((sum, place) => sum + place.refused, 0);
    if (refused === 0) return;
    const most = [...this.#world.sent].filter(({ kind }) => kind === "bad").length;
    if (refused > most) this.fail("counted twice", `${refused} rejected frames of ${most}`);
  }

  /** At the end of a history. */
  checkAll(): void {
    const { delivery } = this.#world.plan;
    for (const topic of this.#topics) {
      const lost = topic.entries.filter((entry) => this.#isDue(entry) && !this.#seen.has(entry));
      if (lost.length > 0) {
        this.fail(
          "lost",
          `${lost.length} of ${topic.name}, first ${describe(lost[0]!, this.#world)}`,
        );
      }
    }
    if (delivery === "at-least-once") return;
    const duplicated = [...this.#seen].filter(([entry, times]) =>
      times > 1 && !this.#excused.has(entry) && !this.#world.strangers.has(entry)
    );
    if (duplicated.length > 0) {
      this.fail(
        "duplicated",
        `${duplicated.length}, first ${describe(duplicated[0]![0], this.#world)}`,
      );
    }
    for (const [partition, log] of this.#kafka.topics.get(TOPIC)!.entries()) {
      this.#checkOrder(partition, log.committed());
    }
  }

  #checkOrder(partition: number, messages: readonly SimulatedMessage[]): void {
    const last = new Map<string, Entry>();
    const seen = new Set<Entry>();
    for (const message of messages) {
      const entry = this.#entryIn(message);
      // Of what is deleted upstream, a repetition may come later.
      if (entry === undefined || seen.has(entry) || this.#expired.has(entry)) continue;
      // A repetition was read first; or the second copy is the first in this partition, since the
      // topic got more of them between the two.
      const isExcused = this.#excused.has(entry) && this.#seen.get(entry)! > 1;
      if (isExcused || this.#world.strangers.has(entry)) continue;
      seen.add(entry);
      const key = `${entry.page}/${entry.topic.name}`;
      const before = last.get(key);
      last.set(key, entry);
      if (before === undefined || before.index < entry.index) continue;
      return this.fail("out of order", `${entry.id} after ${before.id} in partition ${partition}`);
    }
  }

  #noteCommitted(messages: readonly SimulatedMessage[]): void {
    this.#world.trace(() =>
      `committed: ${messages.map((message) => this.#entryIn(message)?.id).join(" ")}`
    );
    for (const message of messages) {
      const entry = this.#entryIn(message);
      if (entry === undefined || !this.#world.sent.has(entry)) {
        this.fail("not served", String(message.value).slice(0, 200));
      } else {
        if (this.isVague) this.#beginNow();
        this.#seen.set(entry, (this.#seen.get(entry) ?? 0) + 1);
      }
    }
  }

  #entryIn(message: SimulatedMessage): Entry | undefined {
    const known = this.#entries.get(message);
    if (known !== undefined) return known;
    const { value } = message;
    const text = typeof value === "string" ? value : decoder.decode(value);
    const entry = this.#byId.get(/"id":"([^"]+)"/.exec(text)?.[1] ?? "");
    if (entry !== undefined) this.#entries.set(message, entry);
    return entry;
  }

  #isDue(entry: Entry): boolean {
    const { kind, page, duplicateOf, topic, index } = entry;
    return kind === "event" && duplicateOf === undefined && page !== REFUSED_PAGE &&
      index >= (this.#from.get(topic) ?? (this.isVague || topic.isLate ? Infinity : 0)) &&
      !this.#expired.has(entry);
  }

  #completeUpTo(topic: UpstreamTopic): number {
    const { entries } = topic;
    let i = this.#complete.get(topic) ?? 0;
    while (i < entries.length && (!this.#isDue(entries[i]!) || this.#seen.has(entries[i]!))) i++;
    this.#complete.set(topic, i);
    return i;
  }
}

function describe({ topic, id, index, at }: Entry, { begin }: World): string {
  return `${id} (entry ${index} of ${topic.name}, after ${(at - begin) / 1000} s)`;
}
