import { type Event, RejectedEvent } from "../../upstream/parse/event.ts";

/** A field of a custom message. */
export interface Field {
  /** The path of the value in the upstream event, through objects only: `length.new`. */
  readonly path: string;
  /** The field's name in the message. */
  readonly name: string;
}

/** Receives the paths that none of the first {@linkcode FIRST_EVENTS} had: most likely mistakes. */
export type OnLacking = (paths: readonly string[]) => void;

/** The number of events without a path after which the path is reported. */
export const FIRST_EVENTS = 1000;

/**
 * Parses `PATH[=NAME]`. Without a name, the path is the name. `NAME=PATH` is accepted too if only
 * the right side has a dot, since names seldom have one.
 *
 * @throws {Error} that names what was expected.
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
 * Returns an encoder that writes the fields in their order as one JSON object: the upstream values
 * with their types, null for a path that the event lacks. Throws as {@linkcode readFields} does.
 */
export function encodeFields(
  fields: readonly Field[],
  onLacking?: OnLacking,
): (event: Event) => string {
  const read = readFields(fields, onLacking);
  const prefixes = fields.map(({ name }, index) =>
    `${index === 0 ? "{" : ","}${JSON.stringify(name)}:`
  );
  return (event) => {
    const values = read(event);
    let json = "";
    for (let i = 0; i < prefixes.length; i++) json += prefixes[i]! + JSON.stringify(values[i]);
    return `${json}}`;
  };
}

/**
 * Returns a reader of an event's fields, in their order: null for a path that the event lacks.
 *
 * Values are those of `JSON.parse`: of two equal keys the last one counts, and a fraction is the
 * nearest double. The reader throws `RejectedEvent` (`wrong shape: <path>`) for a value that JSON
 * cannot write again: a number beyond the range of doubles, an integer beyond 2^53 - 1, which was
 * rounded, or objects and lists nested more than {@linkcode MAX_DEPTH} deep.
 *
 * @param onLacking Called at most once.
 */
export function readFields(
  fields: readonly Field[],
  onLacking: OnLacking = () => {},
): (event: Event) => unknown[] {
  const columns = fields.map(({ path }) => ({ path, keys: path.split(".") }));
  const lacking = new Set(fields.map(({ path }) => path));
  let events = 0;
  return ({ body }) => {
    const values = columns.map(({ path, keys }) => {
      const value = valueAt(body, keys);
      if (value === undefined) return null;
      if (lacking.size > 0) lacking.delete(path);
      if (!isExact(value, MAX_DEPTH)) throw new RejectedEvent(`wrong shape: ${path}`);
      return value;
    });
    if (++events === FIRST_EVENTS && lacking.size > 0) onLacking([...lacking]);
    return values;
  };
}

/** The maximum nesting of a value. */
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

/** A number beyond the range of doubles, such as 1e400, is parsed as infinity. */
function isExact(value: unknown, depth: number): boolean {
  if (typeof value === "number") {
    return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  }
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isExact(inner, depth - 1));
}
