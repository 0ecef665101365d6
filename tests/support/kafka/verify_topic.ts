/** The topic that tests of verify compare. */
import type { EventLog } from "../../../lib/replay/log.ts";
import { START, syntheticLog } from "../../../lib/replay/synthetic/log.ts";
import { eventsOf, produce, serve } from "./produce.ts";
import { makeTopic } from "./topic.ts";

/** A minute of events, 38 % of them edits; the topic of the other data center has canaries. */
export const LOG = syntheticLog({ rate: 100, count: 6000, canaryEvery: 100 });

/** The span that is compared. */
export const SINCE = START + 10_000;
export const UNTIL = START + 40_000;
export const SPAN = ["--since", String(SINCE), "--until", String(UNTIL)];

/** The edits of a log that happened within the span, counted without the program's own code. */
export function editsIn(log: EventLog): Set<string> {
  const edits = eventsOf(log).filter(({ body: { type, meta } }) => {
    const time = Date.parse(meta.dt);
    return type === "edit" && time >= SINCE && time < UNTIL;
  });
  return new Set(edits.map(({ body: { meta, id } }) => `${meta.domain}#${id}`));
}

/** Fills a topic by the producer with all of the log. */
export async function filled(
  kafka: string,
  url: string,
  args: readonly string[] = [],
): Promise<string> {
  const topic = await makeTopic(kafka);
  await produce({
    kafka,
    topic,
    url,
    args: ["--since", String(START), "--until", String(START + 58_000), ...args],
  });
  return topic;
}

/** Fills a topic with `LOG`, for tests that only read it. */
export async function filledTopic(kafka: string): Promise<string> {
  await using server = serve(LOG);
  return await filled(kafka, server.url);
}
