import { REFUSED } from "../kafka/protocol.ts";
import { type Entry, REFUSED_PAGE, type UpstreamTopic } from "./log.ts";

/** The data of a frame, and its length as text, on which random sizes depend. */
export interface FrameData {
  readonly bytes: Uint8Array;
  readonly length: number;
}

const encoder = new TextEncoder();

/** Joins frames, as the service writes them: event, id, data. */
export class FrameWriter {
  /** The length of the frames as text. */
  length = 0;
  #bytes = new Uint8Array(64 * 1024);
  #end = 0;

  /** Starts with bytes that were not sent yet. */
  begin(left: Uint8Array): void {
    this.length = left.length;
    this.#end = 0;
    this.#add(left);
  }

  /** Adds the frame of an entry. */
  add(entry: Entry, id: string): void {
    if (entry.kind === "empty") return this.addText("data:\n\n");
    const { texts } = entry.topic;
    const { bytes, length } = texts[entry.index] ??= dataOf(entry);
    this.addText(`event: message\nid: [${id}]\ndata: `);
    this.#add(bytes);
    this.length += length;
    this.addText("\n\n");
  }

  /** Adds ASCII. */
  addText(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    let end = this.#end;
    for (let i = 0; i < text.length; i++) bytes[end++] = text.charCodeAt(i);
    this.#end = end;
    this.length += text.length;
  }

  /** Returns the joined bytes. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#end);
  }

  #add(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#end + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
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

function dataOf(entry: Entry): FrameData {
  const text = textOf(entry);
  return { bytes: encoder.encode(text), length: text.length };
}

function textOf({ topic, kind, id, index, page, timestamp, offset }: Entry): string {
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
