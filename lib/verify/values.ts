// Compares values of records that do not match byte for byte.

const encoder = new TextEncoder();

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Returns JSON in the form that wikitap writes. So a value that another program wrote with spaces,
 * escapes or in another order is equal.
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
