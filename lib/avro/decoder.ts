import { Buffer } from "node:buffer";
import type avsc from "avsc";
import { NamedError, UserError } from "../shared/error.ts";
import { NoSchema, type Registry } from "./registry.ts";
import { HEADER_BYTES } from "./wire.ts";

/** An Avro value that cannot be decoded; `message` is the reason, as the end of a sentence. */
export class UndecodableValue extends NamedError {}

/**
 * Maximum number of schemas that are kept, and of ids without one. The oldest are dropped first.
 */
const MAX_SCHEMAS = 1000;
/** How long the answer "no schema" for an id is kept, in ms. Then the id is requested again. */
const ASK_AGAIN = 60_000;

/**
 * Returns a function that decodes Avro values and fetches each schema once. It returns the value,
 * or a promise of the value if the schema has to be fetched.
 *
 * The function throws, or rejects with, `UndecodableValue` if the value has no schema or does not
 * match it. It rejects with `UserError` if the registry is unreachable for 5 s or denies access.
 *
 * @param registry The registry that has the schemas.
 * @param now Returns the time in ms. Default: the clock.
 */
export function avroDecoder(
  registry: Pick<Registry, "schema">,
  now: () => number = () => performance.now(),
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

/** A request for a schema. */
interface Asked {
  readonly type: Promise<avsc.Type>;
  /** When the schema is requested again if there is none, in ms. */
  until: number;
}

function keep<T>(map: Map<number, T>, id: number, value: T): void {
  map.set(id, value);
  if (map.size > MAX_SCHEMAS) map.delete(map.keys().next().value!);
}

async function fetchType(registry: Pick<Registry, "schema">, id: number): Promise<avsc.Type> {
  // Loaded only here: most topics have no Avro, and it takes a twentieth of a program's start.
  const { default: avsc } = await import("avsc");
  try {
    return avsc.Type.forSchema(JSON.parse(await registry.schema(id)));
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const reason = cause instanceof NoSchema ? cause.message : `schema ${id} is invalid`;
    throw new UndecodableValue(reason, { cause });
  }
}

function read(type: avsc.Type, { buffer, byteOffset, length }: Uint8Array, id: number): unknown {
  const body = Buffer.from(buffer, byteOffset + HEADER_BYTES, length - HEADER_BYTES);
  try {
    return type.fromBuffer(body);
  } catch (cause) {
    throw new UndecodableValue(`they do not match schema ${id}`, { cause });
  }
}
