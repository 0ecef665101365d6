import type { EditsOptions } from "../edits/transform.ts";
import { fingerprint } from "../upstream/position/anchor.ts";

/** The options that decide which records a stream becomes, by the names of their flags. */
export const RECORD_OPTIONS = [
  "topic",
  "types",
  "wiki",
  "domain",
  "namespace",
  "users",
  "key",
  "payload",
  "format",
  "headers",
] as const;

/** The name of such an option. `payload` includes `--fields`. */
export type RecordOption = typeof RECORD_OPTIONS[number];

/** The settings that decide which records a stream becomes. */
export interface RecordSettings extends EditsOptions {
  /** Default `json`. */
  readonly format?: "json" | "avro" | undefined;
}

/** Characters of each option's mark: 24 bits. */
const MARK_LENGTH = 4;
const MARKS = new RegExp(`^[\\w-]{${RECORD_OPTIONS.length * MARK_LENGTH}}$`);

/**
 * Returns a mark of each option, joined: always 40 characters. The position is
 * saved with it, so that a later comparison with the topic can name options that differ.
 */
export function optionMarks(settings: RecordSettings): string {
  return RECORD_OPTIONS.map((name) => markOf(name, settings)).join("");
}

/**
 * Returns the options whose marks differ from saved ones; none if `marks` is not what
 * {@linkcode optionMarks} returns.
 */
export function changedOptions(marks: string, settings: RecordSettings): RecordOption[] {
  if (!MARKS.test(marks)) return [];
  return RECORD_OPTIONS.filter((name, i) =>
    marks.slice(i * MARK_LENGTH, (i + 1) * MARK_LENGTH) !== markOf(name, settings)
  );
}

/** Returns the marks of a saved position; `undefined` if it was saved without. */
export function marksIn(position: unknown): string | undefined {
  const { options } = (position ?? {}) as { options?: unknown };
  return typeof options === "string" && MARKS.test(options) ? options : undefined;
}

function markOf(name: RecordOption, settings: RecordSettings): string {
  return fingerprint(JSON.stringify(valueOf(name, settings))).slice(-MARK_LENGTH);
}

/** Returns the value of an option. Lists of a filter have no order. */
function valueOf(name: RecordOption, { filter = {}, ...settings }: RecordSettings): unknown {
  switch (name) {
    case "topic":
      return settings.topic;
    case "types":
      return filter.types?.toSorted() ?? null;
    case "wiki":
      return filter.wikis?.toSorted() ?? null;
    case "domain":
      return filter.domains?.toSorted() ?? null;
    case "namespace":
      return filter.namespaces?.toSorted() ?? null;
    case "users":
      return filter.users ?? "all";
    case "key":
      return settings.key ?? "page";
    case "payload":
      return settings.payload ?? "edit";
    case "format":
      return settings.format ?? "json";
    case "headers":
      return settings.headers ?? "none";
  }
}
