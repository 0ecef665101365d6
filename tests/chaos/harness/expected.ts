import { type EventLog, records } from "../../../lib/replay/log.ts";

/** One edit of the log that was served, which has to be in Kafka once. */
export interface ExpectedEdit {
  /**
   * Its upstream topic, and its index in it: where it stands in the log, regardless of its offset.
   */
  readonly topic: string;
  readonly index: number;
}

/** The edits of a log, by {@linkcode identityOf}. */
export interface Expected {
  readonly edits: ReadonlyMap<string, ExpectedEdit>;
  /** All events, also those that are no edits, and those that no program can read. */
  readonly events: number;
  /** Events that are no JSON: they are to be refused. */
  readonly garbage: number;
  /** Events that an earlier one has the `meta.id` of: they are not to be published again. */
  readonly repeats: number;
}

/** Returns the identity of an edit: the number of the recent change, which each wiki counts. */
export function identityOf({ domain, id }: { domain: string; id: unknown }): string {
  return `${domain}#${id}`;
}

/**
 * Reads a log from its beginning to its end: the edits that a producer has to publish. Of events
 * with one `meta.id` in a topic, the first that can be read counts.
 *
 * @throws {Error} if two edits have one identity: nothing could be said about duplicates.
 */
export function expectedOf(log: EventLog): Expected {
  const edits = new Map<string, ExpectedEdit>();
  let events = 0;
  let garbage = 0;
  let repeats = 0;
  for (const topic of log.topics) {
    const ids = new Set<string>();
    let index = topic.first;
    for (const { data } of records(topic)) {
      events++;
      const event = parse(data);
      if (event === undefined) garbage++;
      else if (ids.has(event.meta.id)) repeats++;
      else if (event.type === "edit") {
        const identity = identityOf({ domain: event.meta.domain, id: event.id });
        if (edits.has(identity)) throw new Error(`Two edits are '${identity}'`);
        edits.set(identity, { topic: topic.topic, index });
      }
      if (event !== undefined) ids.add(event.meta.id);
      index++;
    }
  }
  return { edits, events, garbage, repeats };
}

interface RecentChange {
  readonly type?: string;
  readonly id?: number;
  readonly meta: { readonly domain: string; readonly id: string };
}

const decoder = new TextDecoder();

function parse(data: Uint8Array): RecentChange | undefined {
  try {
    return JSON.parse(decoder.decode(data));
  } catch {
    return undefined;
  }
}
