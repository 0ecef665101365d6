import type { Filter } from "../edits/filter/filter.ts";
import type { EditsOptions } from "../edits/transform.ts";
import { fingerprint } from "../upstream/position/anchor.ts";

/** An option that decides which records a stream becomes. */
interface Declared {
  /** The field of the filter that it sets. Default: the setting with the option's name. */
  readonly filter?: keyof Filter;
  /** All its values, the default first, if they are few: a mark shows which one was saved. */
  readonly values?: readonly string[];
}

/**
 * The options that decide which records a stream becomes, by the names of their flags. `payload`
 * includes `--fields`. Their order is that of the marks in saved positions.
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

/** The settings that decide which records a stream becomes. */
export interface RecordSettings extends EditsOptions {
  /** Default `json`. */
  readonly format?: "json" | "avro" | undefined;
}

const NAMES = Object.keys(RECORD_OPTIONS) as RecordOption[];

/** Characters of each option's mark: 24 bits. */
const MARK_LENGTH = 4;
const MARKS = new RegExp(`^[\\w-]{${NAMES.length * MARK_LENGTH}}$`);

/**
 * Returns a mark of each option, joined: always 40 characters. The position is
 * saved with it, so that a later comparison with the topic can name options that differ.
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

/** Returns the options with few values, with the value that the marks show if it is one of them. */
export function savedChoices(
  marks: string,
): readonly (readonly [name: ChoiceOption, value: string | undefined])[] {
  const choices = Object.entries<Declared>(RECORD_OPTIONS).filter(([, { values }]) => values);
  return choices.map(([name, { values }]) => [
    name as ChoiceOption,
    values!.find((value) => savedMark(marks, name as ChoiceOption) === markOf(value)),
  ]);
}

/** Returns the marks of a saved position; `undefined` if it was saved without. */
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

/** Returns the value of an option. Lists of a filter have no order. */
function valueOf(name: RecordOption, settings: RecordSettings): unknown {
  const { filter, values }: Declared = RECORD_OPTIONS[name];
  const value = filter === undefined
    ? settings[name as keyof RecordSettings]
    : settings.filter?.[filter];
  return Array.isArray(value) ? value.toSorted() : value ?? values?.[0] ?? null;
}
