import { type EventLog, records } from "../../../lib/replay/log.ts";
import type { ProducerRecord } from "../../../lib/shared/producer_record.ts";
import { plainEdit } from "../../support/stream/plain_program.ts";
import { TOPIC } from "./checker.ts";

/** One edit of the log that was served, which has to be in Kafka once. */
export interface ExpectedEdit {
  readonly record: ProducerRecord;
  /** The number of its upstream topic, from 0. */
  readonly log: number;
}

/** The edits of a log. */
export interface Expected {
  /** In the order of each upstream topic. */
  readonly edits: readonly ExpectedEdit[];
  /** All events, also those that are no edits, and those that no program can read. */
  readonly events: number;
  /** Events that are no JSON: they are to be refused. */
  readonly garbage: number;
  /** Events that an earlier one has the `meta.id` of: they are not to be published again. */
  readonly repeats: number;
}

/**
 * Reads a log from its beginning to its end: the edits that a producer has to publish. Of events
 * with one `meta.id` in a topic, the first that can be read counts. None of the program's code that
 * reads a stream or makes records is used.
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
