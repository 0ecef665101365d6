import { type EventLog, records } from "../../../lib/replay/log.ts";
import type { ProducerRecord } from "../../../lib/shared/producer_record.ts";
import { plainEdit } from "../../support/stream/plain_program.ts";
import { TOPIC } from "./checker.ts";

/** One edit of the served log, which must be in Kafka once. */
export interface ExpectedEdit {
  readonly record: ProducerRecord;
  /** The number of its upstream topic, from 0. */
  readonly log: number;
}

/** The edits of a log. */
export interface Expected {
  /** In the order of each upstream topic. */
  readonly edits: readonly ExpectedEdit[];
  /** The number of all events, including those that are not edits or cannot be read. */
  readonly events: number;
  /** Events that are not JSON, which must be rejected. */
  readonly garbage: number;
  /** Events with the `meta.id` of an earlier one, which must not be published again. */
  readonly repeats: number;
}

/**
 * Returns the edits of a log that a producer must publish. Of several events with one `meta.id` in
 * a topic, the first readable one counts. It uses none of the program's code that reads a stream or
 * makes records.
 */
export function expectedOf({ topics }: EventLog): Expected {
  const edits: ExpectedEdit[] = [];
  let events = 0;
  let garbage = 0;
  let repeats = 0;
  for (const [log, topic] of topics.entries()) {
    const ids = new Set<string>();
    for (const { data } of records(topic)) {
      events++;
      const event = parse(data);
      if (event === undefined) garbage++;
      else if (ids.has(event.meta.id)) repeats++;
      else if (event.type === "edit") edits.push({ record: recordOf(event), log });
      if (event !== undefined) ids.add(event.meta.id);
    }
  }
  return { edits, events, garbage, repeats };
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

// deno-lint-ignore no-explicit-any -- as upstream sends it
function parse(data: Uint8Array): any {
  try {
    return JSON.parse(decoder.decode(data));
  } catch {
    return undefined;
  }
}

function recordOf(event: Parameters<typeof plainEdit>[0]): ProducerRecord {
  const edit = plainEdit(event);
  return {
    topic: TOPIC,
    key: encoder.encode(`${edit.domain}/${edit.title}`),
    value: encoder.encode(JSON.stringify(edit)),
    timestamp: Date.parse(edit.timestamp),
  };
}
