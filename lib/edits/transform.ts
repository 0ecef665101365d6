import type { ProducerRecord } from "../shared/producer_record.ts";
import type { Event } from "../upstream/parse/event.ts";
import { type CloudEventHeaders, cloudEventHeaders } from "./message/cloudevents.ts";
import { type Encoder, jsonEncoder, type Payload } from "./message/encoder.ts";
import { buildFilter, type Filter } from "./filter/filter.ts";
import { type KeyKind, KEYS } from "./routing/key.ts";
import { topicSelector } from "./routing/route.ts";
import { timestampOf } from "./message/timestamp.ts";
import { utf8Encoder } from "./utf8.ts";

/** How events become records. */
export interface EditsOptions {
  /** A topic, or a template of topics (see `topicTemplate`). */
  readonly topic: string;
  /** Default: all events pass. */
  readonly filter?: Filter;
  /** Default `page`. */
  readonly key?: KeyKind;
  /** Default `edit`. */
  readonly payload?: Payload;
  /** Default `none`. */
  readonly headers?: "none" | "cloudevents";
}

/** Makes the record of an event; `undefined` if the filter drops it. Throws `RejectedEvent`. */
export type Transform = (event: Event) => ProducerRecord | undefined;

/**
 * Combines filter, encoder, key, topic and headers once, so that the transform has no branch per
 * option. It does not check for canaries: drop them first (`isCanary`).
 *
 * @param encoder Replaces the encoder that `payload` names.
 */
export function buildTransform(
  options: EditsOptions,
  encoder: Encoder = jsonEncoder(options.payload ?? "edit"),
): Transform {
  const passes = buildFilter(options.filter ?? {});
  const topicOf = topicSelector(options.topic);
  const keyOf = KEYS[options.key ?? "page"];
  const { encode, contentType } = encoder;
  const headersOf = options.headers === "cloudevents" ? cloudEventHeaders(contentType) : noHeaders;
  const utf8 = utf8Encoder();
  return (event) =>
    !passes(event) ? undefined : {
      topic: topicOf(event),
      key: bytesOf(keyOf(event), utf8),
      value: bytesOf(encode(event), utf8),
      timestamp: timestampOf(event.meta.dt),
      headers: encodedHeaders(headersOf(event), utf8),
    };
}

function bytesOf<T extends Uint8Array | null>(
  value: string | T,
  utf8: (text: string) => Uint8Array,
): Uint8Array | T {
  return typeof value === "string" ? utf8(value) : value;
}

function encodedHeaders(
  headers: CloudEventHeaders | undefined,
  utf8: (text: string) => Uint8Array,
): Record<string, Uint8Array> | undefined {
  if (headers === undefined) return undefined;
  const encoded: Record<string, Uint8Array> = {};
  for (const name in headers) encoded[name] = utf8(headers[name]!);
  return encoded;
}

function noHeaders(): undefined {}
