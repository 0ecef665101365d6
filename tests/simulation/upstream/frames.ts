import { REFUSED } from "../kafka/cluster.ts";
import { type Entry, REFUSED_PAGE, type UpstreamTopic } from "./log.ts";

const encoder = new TextEncoder();

/** Writes the frame of an entry, as the service does: event, id, data. */
export function frameOf(entry: Entry, id: string): Uint8Array<ArrayBuffer> {
  if (entry.kind === "empty") return encoder.encode("data:\n\n");
  return encoder.encode(`event: message\nid: ${id}\ndata: ${dataOf(entry)}\n\n`);
}

/** The entry of one topic in an id: the timestamp of the last message sent plus 1, or nothing. */
export function idEntryOf({ name }: UpstreamTopic, next: number | undefined): string {
  const place = next === undefined ? `"offset":-1` : `"timestamp":${next}`;
  return `{"topic":"${name}","partition":0,${place}}`;
}

/** The title of a page by its number; one of them holds characters beyond the basic plane. */
export function titleOf(page: number): string {
  if (page === REFUSED_PAGE) return REFUSED;
  return page === 1 ? "Überfall 𝔄" : `Page ${page}`;
}

function dataOf(entry: Entry): string {
  const { topic, kind, id, page, timestamp } = entry;
  if (kind === "bad") return `{"$schema":"/mediawiki/recentchange/1.0.0","meta":{"id":"${id}`;
  const dt = new Date(timestamp).toISOString();
  const offset = entry.offset + topic.shift;
  const domain = kind === "canary" ? "canary" : "en.wiki.example";
  const meta = `"meta":{"id":"${id}","domain":"${domain}","stream":"mediawiki.recentchange",` +
    `"dt":"${dt}","topic":"${topic.name}","partition":0,"offset":${offset}}`;
  const rest = kind === "canary" ? "" : `,"id":1,"type":"edit","title":"${titleOf(page)}"`;
  return `{"$schema":"/mediawiki/recentchange/1.0.0",${meta}${rest}}`;
}
