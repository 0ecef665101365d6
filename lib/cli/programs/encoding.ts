import { getLogger } from "@logtape/logtape";
import { type Registry, valueSubject } from "../../avro/registry.ts";
import { avroEncoder, avroPreview, avroSchema } from "../../edits/message/avro.ts";
import { type Encoder, jsonEncoder, type Payload } from "../../edits/message/encoder.ts";
import { FIRST_EVENTS } from "../../edits/message/fields.ts";
import type { Publisher } from "../../kafka/publish/publisher.ts";
import { SchemaPublisher } from "../../produce/schema_publisher.ts";
import { avroPayload } from "../options/events.ts";

/** How values are written. */
export interface Encoding {
  readonly encoder: Encoder;
  /** Gives a publisher what the encoding needs of it. */
  readonly prepare: (publisher: Publisher) => Publisher;
}

/** How long to wait for the registry when a topic of a template is first met, in ms. */
const PATIENCE = 60_000;

/** Values in JSON. */
export function jsonEncoding(payload: Payload): Encoding {
  return { encoder: jsonEncoder(payload, warnOfLacking), prepare: (publisher) => publisher };
}

/** Values in Avro as they would be, shown as JSON; nothing is registered. */
export function previewEncoding(payload: Payload): Encoding {
  const encoder = avroPreview(avroPayload(payload), warnOfLacking);
  return { encoder, prepare: (publisher) => publisher };
}

/** Which topics get values of a schema. */
export interface SchemaTopics {
  /** Those that are known at the start; at least one, whose schema's id all values carry. */
  readonly topics: readonly [string, ...string[]];
  /** Where not all are known, those that need no schema; the others are registered when they come. */
  readonly others: "none" | { readonly except: readonly string[] };
}

/**
 * Values in Avro: registers their schema for all topics, and tells what the registry refuses before
 * anything is published. All values carry one id: the schema is the same under every subject.
 *
 * @throws {IncompatibleSchema} where readers of a topic could not read it.
 * @throws {UserError} when the registry cannot be used.
 */
export async function avroEncoding(
  payload: Payload,
  registry: Registry,
  { topics, others }: SchemaTopics,
  signal: AbortSignal,
): Promise<Encoding> {
  const form = avroPayload(payload);
  const schema = avroSchema(form);
  const [first, ...more] = topics;
  const id = await registry.register(valueSubject(first), schema, { signal });
  for (const topic of more) await registry.register(valueSubject(topic), schema, { signal });
  getLogger(["wikitap", "avro"]).info("Values are Avro, of schema {id} in {address}", {
    id,
    address: registry.address,
  });
  const register = async (topic: string, signal: AbortSignal) => {
    await registry.register(valueSubject(topic), schema, { signal, patience: PATIENCE });
  };
  return {
    encoder: avroEncoder(form, id, warnOfLacking),
    prepare: (publisher) =>
      others === "none" ? publisher : new SchemaPublisher({
        publisher,
        known: [...topics, ...others.except],
        register,
      }),
  };
}

function warnOfLacking(paths: readonly string[]): void {
  getLogger(["wikitap", "produce"]).warn(
    "None of the first {events} events has {paths}: is that what --fields was to name?",
    { events: FIRST_EVENTS, paths: paths.map((path) => `'${path}'`).join(", ") },
  );
}
