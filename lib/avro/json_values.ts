import { getLogger } from "@logtape/logtape";
import { avroDecoder, UndecodableValue } from "./decoder.ts";
import type { Registry } from "./registry.ts";
import { schemaIdOf } from "./wire.ts";

/** What is needed of a record to read its value. */
interface Valued {
  readonly value: Uint8Array | null;
}

/**
 * Turns records with values in Avro into the same with values in JSON, as `--format json` writes
 * them. All others stay as they are, also Avro that cannot be read. At once, where no record is
 * Avro.
 *
 * It rejects with a `UserError` when the registry is away for 5 s or refuses who asks.
 */
export type JsonValues = <R extends Valued>(
  records: readonly R[],
) => readonly R[] | Promise<readonly R[]>;

const log = getLogger(["wikitap", "avro"]);
const encoder = new TextEncoder();

/** So many different reasons are told at the most. */
const MAX_REASONS = 20;

/**
 * Makes what lets a reader of JSON read Avro, too, also mixed in one topic; one for a program,
 * since it keeps the schemas. Why values stay as they are is logged once for each reason.
 *
 * @param registry Without one, all Avro stays as it is.
 */
export function jsonValues(registry: Pick<Registry, "schema"> | undefined): JsonValues {
  const decode = registry === undefined ? withoutRegistry : avroDecoder(registry);
  const told = new Set<string>();
  const tell = (reason: string) => {
    if (told.has(reason) || told.size >= MAX_REASONS) return;
    told.add(reason);
    log.warn("Values in Avro stay as they are: {reason}", { reason });
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
      tell(error.message);
      return record;
    }
  };

  return (records) => records.some(isAvro) ? Promise.all(records.map(readable)) : records;
}

/** The same record with another value. Its other fields may be getters, which a copy would lose. */
function withValue<R extends Valued>(record: R, value: Uint8Array): R {
  return Object.create(record, { value: { value, enumerable: true } });
}

function isAvro({ value }: Valued): boolean {
  return value !== null && schemaIdOf(value) !== undefined;
}

function withoutRegistry(): never {
  throw new UndecodableValue("to read them, give --schema-registry (or SCHEMA_REGISTRY_URL)");
}
