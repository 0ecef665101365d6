/** A number of a program, with its names in the status, the log and the metrics. */
export interface Fact<Source> {
  /** The name in JSON logs. */
  readonly name: string;
  /** Returns its value. */
  readonly read: (source: Source) => number;
  /** The text after the number, for one and for several. Default: texts leave the number out. */
  readonly words?: readonly [one: string, several: string];
  /**
   * When status and JSON logs include it. Default: never. The closing summary includes every number
   * above 0.
   */
  readonly status?: "always" | "above 0";
  /** The metric's name and help text. Default: no metric, or one with labels. */
  readonly metric?: readonly [name: string, help: string];
}

/** Returns the parts of the status line that show the facts: `1 gap`, `1,234 published`. */
export function statusParts<S>(facts: readonly Fact<S>[], source: S): string[] {
  return facts.flatMap((fact) => {
    const isShown = fact.status === "always" ||
      (fact.status !== undefined && fact.read(source) > 0);
    return isShown ? textOf(fact, source) : [];
  });
}

/** Returns the facts above 0 as texts for a closing summary. */
export function summaryParts<S>(facts: readonly Fact<S>[], source: S): string[] {
  return facts.flatMap((fact) => fact.read(source) > 0 ? textOf(fact, source) : []);
}

/** Returns the facts of a status by name, for JSON logs. */
export function statusFacts<S>(facts: readonly Fact<S>[], source: S): Record<string, number> {
  return Object.fromEntries(
    facts.filter(({ status }) => status !== undefined).map((
      { name, read },
    ) => [name, read(source)]),
  );
}

function textOf<S>({ words, read }: Fact<S>, source: S): string[] {
  const value = read(source);
  return words === undefined ? [] : [`${value.toLocaleString("en")} ${words[value === 1 ? 0 : 1]}`];
}
