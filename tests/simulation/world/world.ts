import type { Fault, Plan } from "../plan.ts";
import type { Entry } from "../upstream/log.ts";
import type { Machine } from "./machine.ts";
import { Random } from "./random.ts";
import { Scheduler } from "./scheduler.ts";

/** When histories begin: some day, at a time that is no round number. */
const BEGIN = Date.UTC(2026, 4, 17, 9, 41, 13, 377);

/** The parts that a whole history shares. */
export class World {
  readonly scheduler = new Scheduler(BEGIN);
  readonly begin = BEGIN;
  readonly random: Random;
  /** How often each fault came. */
  readonly coverage = new Map<Fault, number>();
  /** Entries that the service has sent to somebody. */
  readonly sent = new Set<Entry>();
  /** Entries of which some machine was sent a repetition before the entry itself. */
  readonly strangers = new Set<Entry>();
  readonly #sentTo = new Map<Machine, Set<Entry>>();
  /** A frame that cannot be read had an id that does not show its topic. */
  isUnclear = false;
  /** Faults are over. */
  isCalm = false;
  readonly #lines: string[] | undefined;

  constructor(readonly plan: Plan, options: { readonly traces?: boolean } = {}) {
    this.random = Random.of(plan.seed, "world");
    this.#lines = options.traces ? [] : undefined;
  }

  /** Whether a fault comes now; counted where it does. */
  draws(fault: Fault, random: Random): boolean {
    const rate = this.plan.rate(fault);
    if (rate === 0 || this.isCalm || !random.chance(rate)) return false;
    this.count(fault);
    return true;
  }

  count(fault: Fault): void {
    this.coverage.set(fault, (this.coverage.get(fault) ?? 0) + 1);
  }

  served(entry: Entry, machine: Machine): void {
    const original = entry.duplicateOf ?? entry;
    this.sent.add(original);
    let sentTo = this.#sentTo.get(machine);
    if (sentTo === undefined) this.#sentTo.set(machine, sentTo = new Set());
    if (entry !== original && !sentTo.has(original)) this.strangers.add(original);
    sentTo.add(original);
  }

  /** Adds a line to the timeline, where one is kept. */
  trace(line: () => string): void {
    if (this.#lines === undefined) return;
    const seconds = ((this.scheduler.now - BEGIN) / 1000).toFixed(4).padStart(10);
    this.#lines.push(`${seconds}  ${line()}`);
  }

  get timeline(): readonly string[] {
    return this.#lines ?? [];
  }
}
