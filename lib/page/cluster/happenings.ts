import { formatDuration } from "../../shared/duration.ts";
import type { Group, Happening, Partition, State } from "./wire.ts";

/** The maximum number of changes of one kind between two states; the rest becomes a number. */
const MAX_OF_A_KIND = 8;

type Note = Pick<Happening, "tone" | "text">;

/** Compares two states of a cluster and describes the changes, in order of importance. */
export class HappeningFinder {
  /** When each group began to rebalance, in ms since 1970. */
  readonly #rebalancing = new Map<string, number>();

  /** Returns the changes from `before` to `after`, newest first. */
  between(before: State, after: State): Happening[] {
    const notes = [
      ...cluster(before, after),
      ...bounded(brokers(before, after), "changes of brokers"),
      ...topic(before, after),
      ...bounded(partitions(before, after), "changes of partitions"),
      ...bounded(this.#groups(before, after), "changes of groups"),
    ];
    return notes.map((note) => ({ ...note, time: after.now })).reverse();
  }

  #groups(before: State, after: State): Note[] {
    const known = new Map(before.groups.map((group) => [group.groupId, group]));
    const notes: Note[] = [];
    for (const group of after.groups) {
      const old = known.get(group.groupId);
      known.delete(group.groupId);
      notes.push(...members(old, group), ...this.#rebalance(old, group, after.now));
    }
    for (const { groupId, name } of known.values()) {
      this.#rebalancing.delete(groupId);
      if (after.hidden.groups === before.hidden.groups) {
        notes.push({ tone: "idle", text: `group ${name} is gone` });
      }
    }
    return notes;
  }

  #rebalance(before: Group | undefined, after: Group, now: number): Note[] {
    const { groupId, name } = after;
    if (after.state.endsWith("Rebalance")) {
      if (this.#rebalancing.has(groupId)) return [];
      this.#rebalancing.set(groupId, now);
      return [{ tone: "warn", text: `group ${name} rebalances` }];
    }
    const since = this.#rebalancing.get(groupId);
    this.#rebalancing.delete(groupId);
    const moved = before === undefined ? [] : movedPartitions(before, after);
    if (moved.length === 0) return [];
    const took = since === undefined ? "" : ` in about ${formatDuration(now - since)}`;
    const what = moved.length > 4 ? `${moved.length} partitions moved` : moved.join(", ");
    return [{ tone: "good", text: `group ${name} rebalanced${took}: ${what}` }];
  }
}

function bounded(notes: Note[], what: string): Note[] {
  if (notes.length <= MAX_OF_A_KIND) return notes;
  const rest = notes.length - MAX_OF_A_KIND;
  return [...notes.slice(0, MAX_OF_A_KIND), { tone: "idle", text: `${rest} more ${what}` }];
}

function cluster({ awaySince: before }: State, { awaySince: after, now }: State): Note[] {
  if (before === null && after !== null) return [{ tone: "bad", text: "Kafka does not answer" }];
  if (before === null || after !== null) return [];
  return [{ tone: "good", text: `Kafka answers again after ${formatDuration(now - before)}` }];
}

function brokers(before: State, after: State): Note[] {
  const was = new Map(before.brokers.map(({ id, address }) => [id, address !== null]));
  const notes: Note[] = [];
  for (const { id, address } of after.brokers) {
    const isUp = address !== null;
    if (was.get(id) === isUp || !was.has(id) && !isUp) continue;
    notes.push(
      isUp
        ? { tone: "good", text: `broker ${id} is ${was.has(id) ? "back" : "new"}` }
        : { tone: "bad", text: `broker ${id} is gone` },
    );
  }
  const now = new Set(after.brokers.map(({ id }) => id));
  for (const [id, isUp] of was) {
    if (isUp && !now.has(id)) notes.push({ tone: "bad", text: `broker ${id} is gone` });
  }
  return notes;
}

function topic({ topicId: before }: State, { topicId: after, topic }: State): Note[] {
  if (before === after) return [];
  if (after === null) return [{ tone: "bad", text: `topic ${topic} was deleted` }];
  if (before === null) return [{ tone: "good", text: `topic ${topic} was created` }];
  return [{ tone: "bad", text: `topic ${topic} was deleted and created again` }];
}

function partitions(before: State, after: State): Note[] {
  if (before.topicId !== after.topicId) return [];
  const known = new Map(before.partitions.map((one) => [one.partition, one]));
  const isNew = ({ partition }: Partition) => !known.has(partition);
  const pairs = after.partitions.filter((one) => !isNew(one))
    .map((now) => [known.get(now.partition)!, now] as const);
  return [
    ...after.partitions.filter(isNew).map(({ partition }): Note => ({
      tone: "good",
      text: `partition ${partition} is new`,
    })),
    ...pairs.flatMap(([was, now]) => [...leader(was, now), ...retention(was, now)]),
    ...replicas(pairs),
  ];
}

function leader(was: Partition, now: Partition): Note[] {
  if (was.leader === now.leader) return [];
  const name = `partition ${now.partition}`;
  if (now.leader === null) return [{ tone: "bad", text: `${name}: no leader` }];
  return [{ tone: "warn", text: `${name}: leader ${was.leader ?? "none"} → ${now.leader}` }];
}

/** Describes the replicas that fell behind or caught up: one note per broker, not per partition. */
function replicas(pairs: readonly (readonly [was: Partition, now: Partition])[]): Note[] {
  const lost = leavers(pairs);
  const found = leavers(pairs.map(([was, now]) => [now, was]));
  return [
    ...[...lost].map(([id, of]): Note => ({
      tone: "warn",
      text: `broker ${id} is out of sync in ${partitionsText(of)}`,
    })),
    ...[...found].map(([id, of]): Note => ({
      tone: "good",
      text: `broker ${id} is in sync in ${partitionsText(of)}`,
    })),
  ];
}

/**
 * Returns by broker the partitions whose replica is in sync in the first state, not in the second.
 */
function leavers(
  pairs: readonly (readonly [a: Partition, b: Partition])[],
): ReadonlyMap<number, readonly number[]> {
  const all = pairs.flatMap(([{ partition, inSync }, b]) =>
    inSync.filter((id) => !b.inSync.includes(id)).map((id) => ({ id, partition }))
  );
  const byBroker = Map.groupBy(all, ({ id }) => id);
  return new Map([...byBroker].map(([id, of]) => [id, of.map(({ partition }) => partition)]));
}

/** More partitions than this are counted, not named. */
const MAX_NAMED = 12;

function partitionsText(partitions: readonly number[]): string {
  if (partitions.length === 1) return `partition ${partitions[0]}`;
  if (partitions.length > MAX_NAMED) return `${partitions.length} partitions`;
  return `partitions ${partitions.join(", ")}`;
}

function retention(was: Partition, now: Partition): Note[] {
  const gone = (now.first ?? 0) - (was.first ?? 0);
  if (was.first === null || gone <= 0) return [];
  const text = `partition ${now.partition}: ${gone.toLocaleString("en-US")} offsets deleted, ` +
    `first offset ${now.first!.toLocaleString("en-US")}`;
  return [{ tone: "idle", text }];
}

function members(before: Group | undefined, after: Group): Note[] {
  const was = new Map(before?.members.map((member) => [member.memberId, member]));
  const notes = after.members.filter(({ memberId }) => !was.delete(memberId)).map(
    ({ name }): Note => ({
      tone: "good",
      text: `consumer ${name} joined group ${after.name}`,
    }),
  );
  for (const { name } of was.values()) {
    notes.push({ tone: "warn", text: `consumer ${name} left group ${after.name}` });
  }
  if (before === undefined && after.members.length === 0) {
    return [{ tone: "idle", text: `group ${after.name} has committed offsets` }];
  }
  return notes;
}

/** Returns the partitions with another reader than before: `0 → wikitap`. */
function movedPartitions(before: Group, after: Group): string[] {
  const was = readers(before);
  return [...readers(after)].flatMap(([partition, { memberId, name }]) =>
    was.get(partition)?.memberId === memberId ? [] : [`${partition} → ${name}`]
  );
}

function readers({ members }: Group) {
  return new Map(
    members.flatMap((member) => member.partitions.map((partition) => [partition, member])),
  );
}
