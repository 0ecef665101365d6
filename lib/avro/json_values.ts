import { getLogger } from "@logtape/logtape";
import { avroDecoder, UndecodableValue } from "./decoder.ts";
import type { Registry } from "./registry.ts";
import { schemaIdOf } from "./wire.ts";

/** A record with a value. */
interface Valued {
  readonly value: Uint8Array | null;
}

/**
 * Converts the values of records from Avro to JSON, as `--format json` writes them. All other
 * values are unchanged, and so is Avro that cannot be decoded. Returns a promise only if a value is
 * Avro.
 *
 * It rejects with a `UserError` if the registry is unreachable for 5 s or denies access.
 */
export type JsonValues = <R extends Valued>(
  records: readonly R[],
) => readonly R[] | Promise<readonly R[]>;

const log = getLogger(["wikitap", "avro"]);
const encoder = new TextEncoder();

/** Maximum number of reasons that are logged. */
const MAX_REASONS = 20;

/**
 * Returns a converter from Avro to JSON, also for topics that have both. It keeps the schemas, so a
 * program makes one. It logs each reason for which values cannot be decoded once.
 *
 * @param registry Without one, all Avro is unchanged.
 */
export function jsonValues(registry: Pick<Registry, "schema"> | undefined): JsonValues {
  const decode = registry === undefined ? withoutRegistry : avroDecoder(registry);
  const logged = new Set<string>();
  const warn = (reason: string) => {
    if (logged.has(reason) || logged.size >= MAX_REASONS) return;
    logged.add(reason);
    log.warn("Cannot decode Avro values, passing them through: {reason}", { reason });
  };

  const readable = async <R extends Valued>(record: R): Promise<R> => {
    const id = record.value === null ? undefined : schemaIdOf(record.value);
    if (id === undefined) return record;
    try {
      const read = decode(record.value!, id);
      const value = read instanceof Promise ? await read : read;
      return withValue(record, encoder.encode(JSON.stringify(value)));
    } catch (error) {
      if (!(error instanceof UndecodableValue)) throw error;
      warn(error.message);
      return record;
    }
  };

  return (records) => records.some(isAvro) ? Promise.all(records.map(readable)) : records;
}

/** Replaces the value of a record. Its other fields may be getters, which a copy would lose. */
function withValue<R extends Valued>(record: R, value: Uint8Array): R {
  return Object.create(record, { value: { value, enumerable: true } });
}

function isAvro({ value }: Valued): boolean {
  return value !== null && schemaIdOf(value) !== undefined;
}

function withoutRegistry(): never {
  throw new UndecodableValue("set --schema-registry (or SCHEMA_REGISTRY_URL) to decode them");
}
