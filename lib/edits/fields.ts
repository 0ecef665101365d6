import { type Event, RefusedEvent } from "../upstream/event.ts";

/** A field of a message of one's own. */
export interface Field {
  /** Where the value is in the upstream event: `length.new`; objects only, no lists. */
  readonly path: string;
  /** Its name in the message. */
  readonly name: string;
}

/** What came of the paths, kept up to date while events are encoded. */
export interface FieldStats {
  /** Events so far. */
  readonly events: number;
  /** Paths that no event had so far; after some 1,000 events, most likely mistakes. */
  readonly lacking: ReadonlySet<string>;
}

/**
 * Reads `PATH[=NAME]`; without a name, the path is the name. `NAME=PATH` is taken too where only
 * what is on the right has a dot: a name seldom has one.
 *
 * @throws {Error} that says what was expected.
 */
export function parseField(text: string): Field {
  const [left = "", right, ...more] = text.split("=");
  if (more.length > 0 || !isPath(left) || (right !== undefined && !isPath(right))) {
    throw new Error("expected PATH or PATH=NAME, such as length.new or length.new=size");
  }
  if (right === undefined) return { path: left, name: left };
  const swapped = right.includes(".") && !left.includes(".");
  return swapped ? { path: right, name: left } : { path: left, name: right };
}

function isPath(text: string): boolean {
  return /^[\w$-]+(?:\.[\w$-]+)*$/.test(text) && text.length <= 200;
}

/**
 * Makes an encoder that writes the fields in their order as one JSON object: values as upstream has
 * them, with their types, null where the event lacks the path.
 *
 * It throws `RefusedEvent` where a value would not stay what it was: an integer beyond 2^53, which
 * JSON's reading has already rounded, or objects within objects more than {@linkcode MAX_DEPTH} deep.
 */
export function encodeFields(
  fields: readonly Field[],
): { encode: (event: Event) => string; stats: FieldStats } {
  const stats = { events: 0, lacking: new Set(fields.map(({ path }) => path)) };
  const columns = fields.map(({ path, name }, index) => ({
    path,
    keys: path.split("."),
    prefix: `${index === 0 ? "{" : ","}${JSON.stringify(name)}:`,
  }));
  const encode = (event: Event) => {
    stats.events++;
    let json = "";
    for (const { path, keys, prefix } of columns) {
      const value = valueAt(event.body, keys);
      if (value !== undefined && stats.lacking.size > 0) stats.lacking.delete(path);
      if (!isExact(value, MAX_DEPTH)) throw new RefusedEvent(`wrong shape: ${path}`);
      json += prefix + (value === undefined ? "null" : JSON.stringify(value));
    }
    return `${json}}`;
  };
  return { encode, stats };
}

/** How deep a value may be nested. */
const MAX_DEPTH = 64;

function valueAt(body: Event["body"], keys: readonly string[]): unknown {
  let value: unknown = body;
  for (const key of keys) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isExact(value: unknown, depth: number): boolean {
  if (typeof value === "number") return !Number.isInteger(value) || Number.isSafeInteger(value);
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isExact(inner, depth - 1));
}
