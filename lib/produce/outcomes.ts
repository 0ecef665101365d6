/** The types of recent changes that are counted separately; all others are one of the last two. */
export const EVENT_TYPES = ["edit", "new", "log", "categorize", "other", "unreadable"] as const;
/** One of {@linkcode EVENT_TYPES}. */
export type EventType = typeof EVENT_TYPES[number];

/** The outcomes of an event; `passed`: it became a record. */
export const OUTCOMES = ["passed", "filtered", "refused", "canary"] as const;
/** One of {@linkcode OUTCOMES}. */
export type Outcome = typeof OUTCOMES[number];

/** Counts events by type and outcome: 24 numbers, regardless of the data upstream. */
export class Outcomes {
  readonly #counts = new Map(EVENT_TYPES.map((type) => [
    type as string,
    { passed: 0, filtered: 0, refused: 0, canary: 0 } as Record<Outcome, number>,
  ]));

  /**
   * Counts one event.
   *
   * @param event `undefined` if it could not be read.
   */
  count(event: { readonly type: string | undefined } | undefined, outcome: Outcome): void {
    const type = event === undefined ? "unreadable" : event.type ?? "other";
    const counts = this.#counts.get(type) ?? this.#counts.get("other")!;
    counts[outcome]++;
  }

  /** Returns the number of events of one type with one outcome. */
  get(type: EventType, outcome: Outcome): number {
    return this.#counts.get(type)![outcome];
  }

  /** Returns the number of all events with one outcome. */
  total(outcome: Outcome): number {
    return EVENT_TYPES.reduce((sum, type) => sum + this.get(type, outcome), 0);
  }
}
