/** The types of recent changes that are counted apart; everything else is one of the last two. */
export const EVENT_TYPES = ["edit", "new", "log", "categorize", "other", "unreadable"] as const;
export type EventType = typeof EVENT_TYPES[number];

/** What the pipeline makes of an event; `passed`: a record for Kafka. */
export const OUTCOMES = ["passed", "filtered", "refused", "canary"] as const;
export type Outcome = typeof OUTCOMES[number];

/** Events counted by type and outcome: 24 numbers, whatever upstream sends. */
export class Outcomes {
  readonly #counts = new Map(EVENT_TYPES.map((type) => [
    type as string,
    { passed: 0, filtered: 0, refused: 0, canary: 0 } as Record<Outcome, number>,
  ]));

  /** @param event `undefined` for one that could not be read. */
  count(event: { readonly type: string | undefined } | undefined, outcome: Outcome): void {
    const type = event === undefined ? "unreadable" : event.type ?? "other";
    const counts = this.#counts.get(type) ?? this.#counts.get("other")!;
    counts[outcome]++;
  }

  get(type: EventType, outcome: Outcome): number {
    return this.#counts.get(type)![outcome];
  }

  /** All events of one outcome. */
  total(outcome: Outcome): number {
    return EVENT_TYPES.reduce((sum, type) => sum + this.get(type, outcome), 0);
  }
}
