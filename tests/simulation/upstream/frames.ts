import { REFUSED } from "../kafka/protocol.ts";
import { type Entry, REFUSED_PAGE, type UpstreamTopic } from "./log.ts";

/** Returns the frame of an entry, as the service writes it: event, id, data. */
export function frameOf(entry: Entry, id: string): string {
  if (entry.kind === "empty") return "data:\n\n";
  const { texts } = entry.topic;
  const data = texts[entry.index] ??= dataOf(entry);
  return `event: message\nid: [${id}]\ndata: ${data}\n\n`;
}

/**
 * Returns the part of an id for one topic: the timestamp of the last message sent plus 1, if any.
 */
export function idEntryOf({ name }: UpstreamTopic, next: number | undefined): string {
  const place = next === undefined ? `"offset":-1` : `"timestamp":${next}`;
  return `{"topic":"${name}","partition":0,${place}}`;
}

/** Returns the title of a page by its number. One of them has characters beyond the basic plane. */
export function titleOf(page: number): string {
  if (page === REFUSED_PAGE) return REFUSED;
  return page === 1 ? "Überfall 𝔄" : `Page ${page}`;
}

/** One event in 8 has a form that must be parsed. */
const UNUSUAL = 8;
/** The other fields of an edit, in the service's order. */
const REST = `"comment":"","timestamp":1,"user":"A","bot":false,"minor":false,"length":{"new":1},` +
  `"revision":{"new":1},"server_url":"","server_name":"","server_script_path":"","wiki":"enwiki",` +
  `"parsedcomment":""`;

function dataOf({ topic, kind, id, index, page, timestamp, offset }: Entry): string {
  if (kind === "bad") return `{"$schema":"/mediawiki/recentchange/1.0.0","meta":{"id":"${id}`;
  const dt = new Date(timestamp).toISOString();
  const domain = kind === "canary" ? "canary" : "en.wiki.example";
  const head =
    `{"$schema":"/mediawiki/recentchange/1.0.0","meta":{"id":"${id}","domain":"${domain}",` +
    `"stream":"mediawiki.recentchange","dt":"${dt}","topic":"${topic.name}","partition":0,` +
    `"offset":${offset + topic.shift}}`;
  if (kind === "canary") return `${head}}`;
  const edit = `${head},"id":1,"type":"edit"`;
  const title = `"title":"${titleOf(page)}"`;
  return index % UNUSUAL === 0 ? `${edit},${title}}` : `${edit},"namespace":0,${title},${REST}}`;
}
