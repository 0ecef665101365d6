import { getLogger } from "@logtape/logtape";
import { type Registry, valueSubject } from "../../../avro/registry.ts";
import {
  avroEncoder,
  type AvroPayload,
  avroPreview,
  avroSchema,
} from "../../../edits/message/avro.ts";
import { type Encoder, jsonEncoder, type Payload } from "../../../edits/message/encoder.ts";
import { FIRST_EVENTS } from "../../../edits/message/fields.ts";
import type { Publisher } from "../../../kafka/publish/publisher.ts";
import { UserError } from "../../../shared/error.ts";
import { SchemaPublisher } from "../../../produce/schema_publisher.ts";

/** The encoding of values. */
export interface Encoding {
  /** Encodes events. */
  readonly encoder: Encoder;
  /** Adds to a publisher what the encoding needs, such as registering schemas. */
  readonly prepare: (publisher: Publisher) => Publisher;
}

/** How long to wait for the registry when a topic of a template appears, in ms. */
const REGISTER_RETRY_MS = 60_000;

/** Returns the JSON encoding. */
export function jsonEncoding(payload: Payload): Encoding {
  return { encoder: jsonEncoder(payload, warnOfLacking), prepare: (publisher) => publisher };
}

/** Returns an encoding that shows Avro values as JSON and registers nothing. */
export function previewEncoding(payload: AvroPayload): Encoding {
  const encoder = avroPreview(payload, warnOfLacking);
  return { encoder, prepare: (publisher) => publisher };
}

/** The topics whose values have a schema. */
export interface SchemaTopics {
  /**
   * Topics that are known at the start, at least one. All values carry the schema id of the first.
   */
  readonly topics: readonly [string, ...string[]];
  /**
   * The topics without a schema, if not all topics are known. The schemas of the others are
   * registered when they appear.
   */
  readonly others: "none" | { readonly except: readonly string[] };
}

/**
 * Returns the Avro encoding. Registers the schema for all known topics, so that the registry
 * rejects it before anything is published. All values carry one id: the schema is the same in every
 * subject.
 *
 * @throws {IncompatibleSchema} if readers of a topic could not read it.
 * @throws {UserError} if the registry cannot be used.
 */
export async function avroEncoding(
  payload: AvroPayload,
  registry: Registry,
  { topics, others }: SchemaTopics,
  signal: AbortSignal,
): Promise<Encoding> {
  const schema = avroSchema(payload);
  const [first, ...more] = topics;
  const id = await registry.register(valueSubject(first), schema, { signal });
  for (const topic of more) await registry.register(valueSubject(topic), schema, { signal });
  getLogger(["wikitap", "avro"]).info("Publishing Avro with schema {id} of {address}", {
    id,
    address: registry.address,
  });
  const register = async (topic: string, signal: AbortSignal) => {
    await registry.register(valueSubject(topic), schema, { signal, retryForMs: REGISTER_RETRY_MS });
  };
  return {
    encoder: avroEncoder(payload, id, warnOfLacking),
    prepare: (publisher) =>
      others === "none" ? publisher : new SchemaPublisher({
        publisher,
        known: [...topics, ...others.except],
        register,
      }),
  };
}

/**
 * Returns the Avro encoder of a producer that has run before, which registers no schema.
 *
 * @param topic Any topic of the producer.
 * @throws {UserError} if the registry cannot be used, or does not have the schema.
 */
export async function knownEncoder(
  payload: AvroPayload,
  registry: Registry,
  topic: string,
  signal: AbortSignal,
): Promise<Encoder> {
  const subject = valueSubject(topic);
  const id = await registry.find(subject, avroSchema(payload), { signal });
  if (id !== undefined) return avroEncoder(payload, id, warnOfLacking);
  throw new UserError(
    `Cannot read the records as the producer wrote them: '${subject}' has no such schema in ` +
      registry.address,
    { hint: "Use the producer's --fields, --topic and --schema-registry" },
  );
}

function warnOfLacking(paths: readonly string[]): void {
  getLogger(["wikitap", "produce"]).warn(
    "None of the first {events} events has {paths}: check --fields",
    { events: FIRST_EVENTS, paths: paths.map((path) => `'${path}'`).join(", ") },
  );
}
