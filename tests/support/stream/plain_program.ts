import type { Edit } from "../../../lib/edits/message/edit.ts";
import { namespaceName } from "../../../lib/edits/event/namespaces.ts";
import type { Placed } from "../kafka/verify.ts";

/**
 * Reads edits as tutorials do: after a cut it resumes from the id of the last event, and loses
 * some. It writes the nine fields as JSON with spaces, in another order, with the time of reading.
 *
 * @param until It ends at the first event of this time or later, ms since 1970.
 */
export async function readAsTutorialsDo(
  url: string,
  since: number,
  until: number,
): Promise<Placed[]> {
  const records: Placed[] = [];
  let id = "";
  for (let last = since; last < until;) {
    const headers = { "User-Agent": "plain-program/1.0 (test@example.org)" };
    const response = id === ""
      ? await fetch(`${url}?since=${since}`, { headers })
      : await fetch(url, { headers: { ...headers, "Last-Event-ID": id } });
    if (response.status !== 200) throw new Error(`HTTP ${response.status}`);
    for await (const frame of framesOf(response)) {
      id = /^id: (.*)$/m.exec(frame)?.[1] ?? id;
      const [, data] = /^data: (.*)$/m.exec(frame) ?? [];
      if (data === undefined) continue;
      const event = JSON.parse(data);
      if (event.type !== "edit") continue;
      // A few events have false times, years back.
      last = Math.max(last, Date.parse(event.meta.dt));
      records.push(recordOf(event));
      if (last >= until) break;
    }
  }
  return records;
}

/** Returns the nine fields of an event, in order. */
// deno-lint-ignore no-explicit-any -- as upstream sends it
export function plainEdit({ meta, ...event }: any): Edit {
  return {
    id: event.id ?? null,
    domain: meta.domain,
    namespace: namespaceName(event.namespace),
    title: event.title,
    timestamp: meta.dt,
    user_name: event.user ?? null,
    user_type: event.bot ? "bot" : "human",
    old_length: event.length?.old ?? null,
    new_length: event.length?.new ?? null,
  };
}

function recordOf(event: unknown): Placed {
  const { title, ...edit } = plainEdit(event);
  const key = `${edit.domain}/${title}`;
  return {
    partition: key.length % 3,
    key,
    value: JSON.stringify({ title, ...edit }, null, 1),
    timestamp: Date.now(),
    headers: {},
  };
}

/** Yields the whole frames of a response until a cut. */
async function* framesOf(response: Response): AsyncGenerator<string> {
  let text = "";
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const frames = (text + chunk).split("\n\n");
      text = frames.pop()!;
      yield* frames;
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
