import { share } from "../../../lib/kafka/consume/assignor.ts";
import { protocolError } from "../kafka/network.ts";
import type { Random } from "../world/random.ts";
import type { Happening } from "../world/scheduler.ts";
import type { World } from "../world/world.ts";

/** The result of joining. */
export interface Joined {
  readonly memberId: string;
  readonly generation: number;
  readonly partitions: readonly number[];
  /** The number of all partitions that were assigned: those that the group's leader knew. */
  readonly known: number;
}

interface Member {
  readonly sessionTimeout: number;
  heardAt: number;
  /** Answers the request to join; `undefined` if there is none. */
  joined: ((joined: Joined) => void) | undefined;
}

/** How long the group's first join waits for other members, in ms. */
const MAX_INITIAL_DELAY = 3000;
const LOOK_EVERY = 500;

/**
 * The coordinator of one consumer group, by Kafka's classic protocol. When a member joins, leaves
 * or exceeds its session timeout, all others must rejoin. Members that do not rejoin in time are
 * removed.
 */
export class Group {
  readonly #world: World;
  readonly #random: Random;
  readonly #partitions: () => number;
  readonly #members = new Map<string, Member>();
  #generation = 0;
  #lastId = 0;
  #shares: ReadonlyMap<string, readonly number[]> = new Map();
  /** The current rebalance, which is completed at its end. */
  #rebalance: Happening | undefined;

  constructor(world: World, random: Random, partitions: () => number) {
    this.#world = world;
    this.#random = random;
    this.#partitions = partitions;
    this.#expire();
  }

  /** Joins. The answer comes when all have joined, or at the time limit. */
  join(
    id: string | undefined,
    sessionTimeout: number,
    rebalanceTimeout: number,
    answer: (joined: Joined) => void,
  ): void {
    const { now } = this.#world.scheduler;
    if (id !== undefined && !this.#members.has(id)) throw protocolError("UNKNOWN_MEMBER_ID");
    const memberId = id ?? `member-${++this.#lastId}`;
    const isFirst = this.#members.size === 0;
    this.#members.set(memberId, { sessionTimeout, heardAt: now, joined: answer });
    this.rebalance(isFirst ? this.#random.between(0, MAX_INITIAL_DELAY) : rebalanceTimeout);
    const isComplete = this.#members.values().every(({ joined }) => joined !== undefined);
    if (isComplete && !isFirst) this.#complete();
  }

  heartbeat(id: string, generation: number): void {
    this.#check(id, generation).heardAt = this.#world.scheduler.now;
    if (this.#rebalance !== undefined) throw protocolError("REBALANCE_IN_PROGRESS");
  }

  leave(id: string): void {
    if (this.#members.delete(id)) this.rebalance(0);
  }

  commit(id: string, generation: number): void {
    this.#check(id, generation);
  }

  /** Starts a rebalance: all must rejoin within `ms`. */
  rebalance(ms = 10_000): void {
    if (this.#rebalance !== undefined) return;
    this.#world.trace(() => `group: rebalances`);
    this.#rebalance = this.#world.scheduler.outside(ms, () => this.#complete());
  }

  #complete(): void {
    if (this.#rebalance === undefined) return;
    this.#rebalance.run = undefined;
    this.#rebalance = undefined;
    this.#generation++;
    for (const [id, { joined }] of this.#members) {
      if (joined === undefined) this.#members.delete(id);
    }
    const members = [...this.#members.keys()].map((memberId) => ({ memberId, topics: ["t"] }));
    const known = this.#partitions();
    const all = Array.from(
      { length: known },
      (_, i) => ({ topic: "t", partition: i }),
    );
    this.#shares = new Map(
      [...share(members, all)].map(([id, own]) => [id, own.map(({ partition }) => partition)]),
    );
    for (const [memberId, member] of this.#members) {
      const partitions = this.#shares.get(memberId) ?? [];
      this.#world.trace(() => `group: ${memberId} gets ${partitions.join() || "nothing"}`);
      member.heardAt = this.#world.scheduler.now;
      member.joined!({ memberId, generation: this.#generation, partitions, known });
      member.joined = undefined;
    }
  }

  #check(id: string, generation: number): Member {
    const member = this.#members.get(id);
    if (member === undefined) throw protocolError("UNKNOWN_MEMBER_ID");
    if (generation !== this.#generation) throw protocolError("ILLEGAL_GENERATION");
    return member;
  }

  #expire(): void {
    const { scheduler } = this.#world;
    for (const [id, { joined, heardAt, sessionTimeout }] of this.#members) {
      if (joined !== undefined || scheduler.now - heardAt < sessionTimeout) continue;
      this.#world.trace(() => `group: ${id} is put out`);
      this.leave(id);
    }
    scheduler.outside(LOOK_EVERY, () => this.#expire());
  }
}
