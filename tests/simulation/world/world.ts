import type { Fault, Plan } from "../plan.ts";
import type { Entry } from "../upstream/log.ts";
import type { Machine } from "./machine.ts";
import { Random } from "./random.ts";
import { Scheduler } from "./scheduler.ts";

/** The time at which histories begin, which is not a round number. */
const BEGIN = Date.UTC(2026, 4, 17, 9, 41, 13, 377);

/** The parts that a whole history shares. */
export class World {
  readonly scheduler = new Scheduler(BEGIN);
  readonly begin = BEGIN;
  readonly random: Random;
  /** The number of occurrences of each fault. */
  readonly coverage = new Map<Fault, number>();
  /** Entries that the service has sent to any machine. */
  readonly sent = new Set<Entry>();
  /** Entries of which a machine got a repetition before the entry itself. */
  readonly strangers = new Set<Entry>();
  readonly #sentTo = new Map<Machine, Set<Entry>>();
  /** Whether an unreadable frame had an id that does not show its topic. */
  isUnclear = false;
  /** Whether the faults are over. */
  isCalm = false;
  readonly #lines: string[] | undefined;

  constructor(readonly plan: Plan, options: { readonly traces?: boolean } = {}) {
    this.random = Random.of(plan.seed, "world");
    this.#lines = options.traces ? [] : undefined;
  }

  /** Returns whether a fault occurs now, and counts it. */
  draws(fault: Fault, random: Random): boolean {
    const rate = this.plan.rate(fault);
    if (rate === 0 || this.isCalm || !random.chance(rate)) return false;
    this.count(fault);
    return true;
  }

  count(fault: Fault): void {
    this.coverage.set(fault, (this.coverage.get(fault) ?? 0) + 1);
  }

  /** Notes that an entry was sent in full to a machine, before its connection ended. */
  delivered(entry: Entry, machine: Machine): void {
    const original = entry.duplicateOf ?? entry;
    let sentTo = this.#sentTo.get(machine);
    if (sentTo === undefined) this.#sentTo.set(machine, sentTo = new Set());
    if (sentTo.has(original)) return;
    if (entry !== original) this.strangers.add(original);
    sentTo.add(original);
  }

  /** Adds a line to the timeline, if there is one. */
  trace(line: () => string): void {
    if (this.#lines === undefined) return;
    const seconds = ((this.scheduler.now - BEGIN) / 1000).toFixed(4).padStart(10);
    this.#lines.push(`${seconds}  ${line()}`);
  }

  get timeline(): readonly string[] {
    return this.#lines ?? [];
  }
}
