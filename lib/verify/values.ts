/** Reads values of records, for records that do not match byte for byte. */

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Returns the JSON object of a value; `undefined` if it is none. */
export function objectOf(value: Uint8Array | null): JsonObject | undefined {
  try {
    const json: unknown = JSON.parse(decoder.decode(value ?? undefined));
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns JSON as wikitap writes it, so that what another program wrote with spaces, escapes or in
 * another order is equal.
 *
 * @param names The names of the fields in their order. Default: the order stays.
 */
export function canonicalValue(json: JsonObject, names: readonly string[] = []): Uint8Array {
  const ordered: Record<string, unknown> = {};
  for (const name of [...names, ...Object.keys(json)]) {
    if (Object.hasOwn(json, name)) ordered[name] = json[name];
  }
  return encoder.encode(JSON.stringify(ordered));
}

/** The identity of an edit in a value; each is `undefined` if the value does not have it. */
export interface Identity {
  /** The event's `meta.id`, or the wiki's domain and number of the change. */
  readonly id: string | undefined;
  /** When the edit happened, ms since 1970. */
  readonly time: number | undefined;
  /** The wiki. */
  readonly domain: string | undefined;
  /** The page. */
  readonly title: string | undefined;
}

/** Reads the identity from the nine fields, from an upstream event, or from selected fields. */
export function identityOf(json: JsonObject | undefined): Identity {
  const { meta, id, timestamp, title } = json ?? {};
  const event = isObject(meta) ? meta : {};
  const domain = textOf(json?.domain) ?? textOf(event.domain);
  const time = Date.parse(textOf(timestamp) ?? textOf(event.dt) ?? "");
  const hasNumber = domain !== undefined && typeof id === "number";
  return {
    id: textOf(event.id) ?? (hasNumber ? `${domain}#${id}` : undefined),
    time: Number.isNaN(time) ? undefined : time,
    domain,
    title: textOf(title),
  };
}

/** Returns the paths of fields in which two values differ, as `length.new`, sorted. */
export function differingFields(one: JsonObject, other: JsonObject, path = ""): string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].sort().flatMap((name) => {
    const [a, b] = [one[name], other[name]];
    if (isObject(a) && isObject(b)) return differingFields(a, b, `${path}${name}.`);
    return JSON.stringify(a) === JSON.stringify(b) ? [] : [`${path}${name}`];
  });
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
