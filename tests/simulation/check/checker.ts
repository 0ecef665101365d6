import { latin1 } from "../../../lib/upstream/parse/latin1.ts";
import type { SimulatedMessage } from "../kafka/protocol.ts";
import type { SimulatedKafka } from "../kafka/cluster.ts";
import type { PartitionLog } from "../kafka/partition_log.ts";
import type { Machine } from "../world/machine.ts";
import type { World } from "../world/world.ts";
import { type Entry, REFUSED_PAGE, type UpstreamTopic } from "../upstream/log.ts";
import { placesOf, type SavedPlace } from "./saved_places.ts";

/** A rule that a history violated. */
export interface Failure {
  /** A short name that stays the same while the history is shrunk. */
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

/** The topics of the records and of the position. */
export const TOPIC = "edits";
export const GROUP = "wikitap-simulated";

/** The maximum metadata of an offset by default, in characters. */
const MAX_METADATA = 4096;

/** Compares the published records with the upstream log. */
export class Checker {
  readonly failures: Failure[] = [];
  /** Events must arrive from the first arrival on, since the time of "now" is unknown. */
  isVague = false;
  readonly #topics: readonly UpstreamTopic[];
  readonly #kafka: SimulatedKafka;
  readonly #world: World;
  readonly #byId = new Map<string, Entry>();
  /** The entries by topic and offset of the first numbering. */
  readonly #byOffset = new Map<UpstreamTopic, Map<number, Entry[]>>();
  readonly #entries = new WeakMap<SimulatedMessage, Entry>();
  /** How often each entry was committed. */
  readonly #seen = new Map<Entry, number>();
  /** All entries before this index are committed or excused. */
  readonly #complete = new Map<UpstreamTopic, number>();
  /** The index from which each topic was first read. */
  readonly #from = new Map<UpstreamTopic, number>();
  /** The index from which a topic that appeared late was read, until a position in it is saved. */
  readonly #lateFrom = new Map<UpstreamTopic, number>();
  /** The start in ms since 1970; -Infinity before the first request. */
  #since = -Infinity;
  /** Entries that may be duplicated: see {@linkcode excuse}. */
  readonly #excused = new Set<Entry>();
  /** Entries that need not arrive. */
  readonly #expired = new Set<Entry>();
  readonly #believed = new Set<Entry>();
  /** Entries that were committed to a topic that is deleted, and need not arrive for that reason. */
  readonly #gone = new Set<Entry>();
  /** Entries of open transactions in such a topic: the same, if one of them commits. */
  readonly #open = new Set<Entry>();
  /** The time at which the topic of the records was deleted, in ms. */
  #deletedAt = Infinity;

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
      if (commits) this.#forget(this.#open);
      // If the topic exists again by then, they are in it, and there is no position.
      for (const entry of commits ? this.#open : []) this.#excused.add(entry);
      this.#open.clear();
      if (commits) this.checkPosition();
    };
  }

  fail(kind: Failure["kind"], detail: string): void {
    this.failures.push({ kind, detail });
    this.#world.trace(() => `CHECK: ${kind}: ${detail}`);
  }

  /**
   * Notes that a connection reads topics from these entries on; the first one determines what must
   * arrive. An entry with an earlier timestamp than `since`, before any other entry of its topic,
   * need not arrive: a reader without an event of a topic can only request it by time.
   *
   * @param read The saved position from which the reader knows topics.
   */
  noteCursors(
    cursors: ReadonlyMap<UpstreamTopic, number>,
    since: number,
    read = this.#saved?.metadata,
  ): void {
    this.#since = since;
    const saved = placesOf(this.#saved?.metadata);
    const isNamed = (topic: UpstreamTopic) => saved.some(({ name }) => name === topic.name);
    const wasRead = new Set(placesOf(read).map(({ name }) => name));
    // Without transactions, a late request moves the position back, perhaps to before any event. A
    // producer that resumes there does not know a topic that does not exist at that moment. The same
    // holds for one that began without a position, even if another one has saved its position since.
    const isShared = this.#world.plan.delivery === "at-least-once";
    for (const topic of this.#topics) {
      if (!isShared || topic.isLate || !topic.isGone || wasRead.has(topic.name)) continue;
      topic.isLate = true;
      this.#from.delete(topic);
      this.#complete.delete(topic);
    }
    const { now } = this.#world.scheduler;
    for (const { name, offset, timestamp } of this.isVague ? saved : []) {
      const topic = this.#topics.find((topic) => topic.name === name)!;
      // The service's time replaces a start in the future, also for a topic that does not exist now.
      if (topic.isGone && offset < 0 && timestamp > now) this.skip(topic, topic.end(now));
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
      // Several producers may request it before one of them saves a position in it. Without
      // transactions, another one may save later.
      if (topic.isLate && (isShared || !isNamed(topic))) {
        this.#lateFrom.set(topic, from);
        continue;
      }
      this.#from.set(topic, this.#lateFrom.get(topic) ?? from);
      this.#complete.delete(topic);
    }
  }

  /**
   * Notes that the topic of the records is deleted. They need not arrive again, unless a producer
   * begins again.
   */
  noteDeleted(partitions: readonly PartitionLog[]): void {
    this.#forget(this.#seen.keys());
    for (const message of partitions.flatMap(({ open }) => open)) {
      const entry = this.#entryIn(message);
      if (entry !== undefined) this.#open.add(entry);
    }
    this.#seen.clear();
    this.#complete.clear();
    this.#deletedAt = this.#world.scheduler.now;
  }

  /** Whether the topic of the records was deleted. */
  get isRecreated(): boolean {
    return this.#deletedAt < Infinity;
  }

  #forget(entries: Iterable<Entry>): void {
    for (const entry of entries) {
      if (!this.#expired.has(entry)) this.#gone.add(entry);
      this.#expired.add(entry);
    }
  }

  /**
   * Called when a producer connects for the first time, from a time. If its position has no event
   * because its topic was deleted, it determines again what must arrive, and the result is true.
   */
  beginsAgain({ read: { at, metadata } }: Machine): boolean {
    const hasEvent = placesOf(metadata).some(({ offset }) => offset >= 0);
    if (at < this.#deletedAt || hasEvent) return false;
    // Without transactions, a producer that knows the old topic may continue, and replace it.
    if (this.#world.plan.delivery === "exactly-once") {
      for (const entry of this.#gone) this.#expired.delete(entry);
      this.#gone.clear();
    }
    for (const state of [this.#from, this.#lateFrom, this.#complete]) state.clear();
    // It does not request a topic that does not exist now.
    for (const topic of this.#topics) topic.isLate ||= topic.isGone;
    return true;
  }

  /** "From now on", by a wrong clock: the first arrival determines what must arrive. */
  #beginNow(): void {
    const { now } = this.#world.scheduler;
    for (const topic of this.#topics) {
      if (this.#from.has(topic) || topic.isLate) continue;
      const inTime = topic.entries.findIndex(({ at, timestamp }) => at > now && timestamp >= now);
      this.#from.set(topic, inTime < 0 ? topic.entries.length : inTime);
      // Nothing was due before.
      this.#complete.delete(topic);
    }
  }

  /** Entries that upstream has deleted need not arrive any more. */
  expire(topic: UpstreamTopic, before: number): void {
    const { entries } = topic;
    // Remaining entries that are older than deleted ones, or than the start, cannot be found by time
    // any more.
    const times = entries.slice(0, before)
      .filter((entry) => entry.timestamp <= entry.at || this.#believed.has(entry))
      .map(({ timestamp }) => timestamp);
    const highest = Math.max(this.#since, ...times);
    let end = before;
    while (end < entries.length && entries[end]!.timestamp < highest) end++;
    for (const entry of entries.slice(topic.first, end)) this.#expired.add(entry);
    topic.first = Math.max(topic.first, before);
  }

  /** Notes an entry whose false timestamp is credible for a reader with an equally fast clock. */
  misled(entry: Entry): void {
    this.#believed.add(entry);
  }

  /**
   * Notes that a topic without events is read from a start in the future, which skips its entries.
   */
  skip(topic: UpstreamTopic, before: number): void {
    if (!this.isVague) return;
    const place = placesOf(this.#saved?.metadata).find(({ name }) => name === topic.name);
    const isRead = place !== undefined && place.offset >= 0;
    // Without transactions, a late request moves the position on.
    if (isRead && this.#world.plan.delivery === "exactly-once") return;
    for (const entry of topic.entries.slice(0, before)) this.#expired.add(entry);
  }

  /** Allows duplicates, because a renumbering and a restart coincided. */
  excuse(topic: UpstreamTopic, from: number, to: number): void {
    for (const entry of topic.entries.slice(from, to)) this.#excused.add(entry);
  }

  /** Allows that entries do not arrive, because a producer cannot know that they are new. */
  excuseLoss(topic: UpstreamTopic, from: number, to: number): void {
    for (const entry of topic.entries.slice(from, to)) this.#expired.add(entry);
  }

  /**
   * Returns the entries that a saved position may name as the last one handled, in order. Its id is
   * saved as a fingerprint, so they are found by the offset in each numbering of the topic.
   */
  entriesOf(topic: UpstreamTopic, { offset }: SavedPlace): Entry[] {
    if (offset < 0) return [];
    return topic.shifts.flatMap((shift) => this.#byOffset.get(topic)!.get(offset - shift) ?? [])
      .sort((a, b) => a.index - b.index);
  }

  /** Returns whether everything that must arrive has arrived. */
  get isComplete(): boolean {
    return this.#topics.every((topic) => this.#completeUpTo(topic) >= topic.entries.length);
  }

  /** Returns the first entry that has not arrived. */
  get missing(): string {
    const topic = this.#topics.find((topic) => this.#completeUpTo(topic) < topic.entries.length);
    const entry = topic?.entries[this.#completeUpTo(topic)];
    return entry === undefined ? "nothing" : describe(entry, this.#world);
  }

  get #saved() {
    return this.#kafka.groups.get(GROUP)?.get(`${TOPIC}/0`);
  }

  /** Checks that no record is missing of the events before the saved position. */
  checkPosition(): void {
    const { metadata = "", offset = 0 } = this.#saved ?? {};
    if (metadata.length > MAX_METADATA) {
      this.fail("too large", `a position of ${metadata.length} characters`);
    }
    const places = placesOf(metadata);
    this.#checkCounts(Number(offset), places);
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

  /**
   * Checks that no event is counted twice, and no rejected frame, if the position is known and the
   * topic of each rejected frame. A repeated id may be counted.
   */
  #checkCounts(handled: number, places: readonly SavedPlace[]): void {
    if (!this.#isCountable) return;
    const { sent, plan } = this.#world;
    if (plan.rate("repeated id") === 0 && handled > sent.size) {
      this.fail("counted twice", `${handled} events of ${sent.size}`);
    }
    const rejected = places.reduce((sum, place) => sum + place.rejected, 0);
    if (rejected === 0) return;
    const most = [...sent].filter(({ kind }) => kind === "bad").length;
    if (rejected > most) this.fail("counted twice", `${rejected} rejected frames of ${most}`);
  }

  /**
   * Checks that each event and each rejected frame up to the saved position is counted, if it is
   * known where each topic was first read. A repeated id need not be counted.
   */
  #checkAllCounted(): void {
    const isLate = this.#topics.some(({ isLate }) => isLate);
    if (!this.#isCountable || isLate || this.isVague || this.isRecreated) return;
    const { offset = 0, metadata } = this.#saved ?? {};
    let least = 0;
    for (const place of placesOf(metadata)) {
      const topic = this.#topics.find(({ name }) => name === place.name)!;
      const last = this.entriesOf(topic, place).at(-1)?.index ?? -1;
      const handled = topic.entries.slice(this.#from.get(topic), last + 1);
      least += handled.filter(({ kind, duplicateOf }) =>
        kind !== "empty" && duplicateOf === undefined
      ).length + place.rejected;
    }
    if (Number(offset) < least) this.fail("lost", `${offset} of ${least} events are counted`);
  }

  /** Whether no topic was renumbered or shortened, and each rejected frame shows its topic. */
  get #isCountable(): boolean {
    const isWhole = this.#topics.every(({ shifts, first }) => shifts.length === 1 && first === 0);
    return isWhole && !this.#world.isUnclear;
  }

  /** Checks the end of a history. */
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
    this.#checkAllCounted();
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
      // A repetition of a deleted entry may arrive later.
      if (entry === undefined || seen.has(entry) || this.#expired.has(entry)) continue;
      // A repetition was read first. Or the second copy is the first one in this partition, because
      // partitions were added between the two. Or it is from before the first entry that was due.
      const isExcused = this.#excused.has(entry) &&
        (this.#seen.get(entry)! > 1 || !this.#isDue(entry));
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
    const text = typeof value === "string" ? value : latin1(value);
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
