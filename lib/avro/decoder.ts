import { Buffer } from "node:buffer";
import avsc from "avsc";
import { UserError } from "../shared/error.ts";
import { NoSchema, type Registry } from "./registry.ts";
import { HEADER_BYTES } from "./wire.ts";

/** Avro that cannot be read; `message` says why, as the end of a sentence. */
export class UndecodableValue extends Error {
  override readonly name = "UndecodableValue";
}

/** Schemas that are kept, and ids that are known to have none: so many of each, the latest. */
const MAX_SCHEMAS = 1000;
/** After this time, in ms, an id without a schema is asked for again. */
const ASK_AGAIN = 60_000;

/**
 * Reads values in Avro; each schema is fetched once. What a value says comes at once, but where its
 * schema has to be fetched: then by a promise.
 *
 * Both throw `UndecodableValue` for a value without a schema or against it, and `UserError` when
 * the registry is away for 5 s or refuses who asks.
 *
 * @param registry Where the schemas are.
 */
export function avroDecoder(
  registry: Pick<Registry, "schema">,
  now: () => number = Date.now,
): (value: Uint8Array, schemaId: number) => unknown {
  const types = new Map<number, avsc.Type>();
  const asked = new Map<number, Asked>();

  const typeOf = (id: number): Promise<avsc.Type> => {
    const before = asked.get(id);
    if (before !== undefined && before.until > now()) return before.type;
    const fresh: Asked = { type: fetchType(registry, id), until: Infinity };
    keep(asked, id, fresh);
    fresh.type.then(
      (type) => {
        keep(types, id, type);
        asked.delete(id);
      },
      (error) => fresh.until = error instanceof UndecodableValue ? now() + ASK_AGAIN : 0,
    );
    return fresh.type;
  };

  return (value, id) => {
    const type = types.get(id);
    if (type !== undefined) return read(type, value, id);
    return typeOf(id).then((type) => read(type, value, id));
  };
}

/** A schema on its way, or why there is none. */
interface Asked {
  readonly type: Promise<avsc.Type>;
  /** When it is asked for anew, in ms. */
  until: number;
}

function keep<T>(map: Map<number, T>, id: number, value: T): void {
  map.set(id, value);
  if (map.size > MAX_SCHEMAS) map.delete(map.keys().next().value!);
}

async function fetchType(registry: Pick<Registry, "schema">, id: number): Promise<avsc.Type> {
  try {
    return avsc.Type.forSchema(JSON.parse(await registry.schema(id)));
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const reason = cause instanceof NoSchema ? cause.message : `schema ${id} is damaged`;
    throw new UndecodableValue(reason, { cause });
  }
}

function read(type: avsc.Type, { buffer, byteOffset, length }: Uint8Array, id: number): unknown {
  const body = Buffer.from(buffer, byteOffset + HEADER_BYTES, length - HEADER_BYTES);
  try {
    return type.fromBuffer(body);
  } catch (cause) {
    throw new UndecodableValue(`they are not of their schema ${id}`, { cause });
  }
}
