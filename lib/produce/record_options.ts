import type { Filter } from "../edits/filter/filter.ts";
import type { EditsOptions } from "../edits/transform.ts";
import { fingerprint } from "../upstream/position/anchor.ts";

/** An option that determines the records of a stream. */
interface Declared {
  /** The filter's field that it sets. Default: it sets the setting with the option's name. */
  readonly filter?: keyof Filter;
  /** All values, the default first, if there are few: a mark then shows which one was saved. */
  readonly values?: readonly string[];
}

/**
 * The options that determine the records of a stream, by the names of their flags. `payload`
 * includes `--fields`. Saved positions have the marks in this order.
 */
export const RECORD_OPTIONS = {
  topic: {},
  types: { filter: "types" },
  wiki: { filter: "wikis" },
  domain: { filter: "domains" },
  namespace: { filter: "namespaces" },
  users: { filter: "users", values: ["all", "human", "bot"] },
  key: { values: ["page", "domain", "user", "none"] },
  payload: { values: ["edit", "event"] },
  format: { values: ["json", "avro"] },
  headers: { values: ["none", "cloudevents"] },
} as const satisfies Record<string, Declared>;

/** The name of such an option. */
export type RecordOption = keyof typeof RECORD_OPTIONS;

/** The names of those with few values. */
export type ChoiceOption = {
  [N in RecordOption]: typeof RECORD_OPTIONS[N] extends { values: unknown } ? N : never;
}[RecordOption];

/** The settings that determine the records of a stream. */
export interface RecordSettings extends EditsOptions {
  /** Default `json`. */
  readonly format?: "json" | "avro" | undefined;
}

const NAMES = Object.keys(RECORD_OPTIONS) as RecordOption[];

/** Characters of each option's mark: 24 bits. */
const MARK_LENGTH = 4;
const MARKS = new RegExp(`^[\\w-]{${NAMES.length * MARK_LENGTH}}$`);

/**
 * Returns the joined marks of all options: always 40 characters. They are saved with the position,
 * so that `verify` can later name options that differ.
 */
export function optionMarks(settings: RecordSettings): string {
  return NAMES.map((name) => markOf(valueOf(name, settings))).join("");
}

/**
 * Returns the options whose marks differ from saved ones; none if `marks` is not what
 * {@linkcode optionMarks} returns.
 */
export function changedOptions(marks: string, settings: RecordSettings): RecordOption[] {
  if (!MARKS.test(marks)) return [];
  return NAMES.filter((name) => savedMark(marks, name) !== markOf(valueOf(name, settings)));
}

/** Returns the options with few values, each with its saved value if the marks show it. */
export function savedChoices(
  marks: string,
): readonly (readonly [name: ChoiceOption, value: string | undefined])[] {
  const choices = Object.entries<Declared>(RECORD_OPTIONS).filter(([, { values }]) => values);
  return choices.map(([name, { values }]) => [
    name as ChoiceOption,
    values!.find((value) => savedMark(marks, name as ChoiceOption) === markOf(value)),
  ]);
}

/** Returns the marks of a saved position; `undefined` if it has none. */
export function marksIn(position: unknown): string | undefined {
  const { options } = (position ?? {}) as { options?: unknown };
  return typeof options === "string" && MARKS.test(options) ? options : undefined;
}

function savedMark(marks: string, name: RecordOption): string {
  const begin = NAMES.indexOf(name) * MARK_LENGTH;
  return marks.slice(begin, begin + MARK_LENGTH);
}

function markOf(value: unknown): string {
  return fingerprint(JSON.stringify(value)).slice(-MARK_LENGTH);
}

/** Returns the value of an option. The order of a filter's list does not matter. */
function valueOf(name: RecordOption, settings: RecordSettings): unknown {
  const { filter, values }: Declared = RECORD_OPTIONS[name];
  const value = filter === undefined
    ? settings[name as keyof RecordSettings]
    : settings.filter?.[filter];
  return Array.isArray(value) ? value.toSorted() : value ?? values?.[0] ?? null;
}
