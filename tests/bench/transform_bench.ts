/** Measures the transform of events to records, compared with JSON.parse alone. */
import { buildTransform } from "../../lib/edits/transform.ts";
import { parseEvent, readEvent } from "../../lib/upstream/parse/event.ts";
import { eventBytes } from "./events.ts";

const events = eventBytes(10_000);
const bytes = events.reduce((sum, { length }) => sum + length, 0);
const group = `transform: ${events.length} events, ${(bytes / 1e6).toFixed(1)} MB, 38 % edits`;
const decoder = new TextDecoder();
const edits = buildTransform({ topic: "t", filter: { types: ["edit"] } });

Deno.bench("JSON.parse alone", { group, baseline: true }, () => {
  for (const data of events) JSON.parse(decoder.decode(data));
});

Deno.bench("readEvent(): the boundary, type and place known", { group }, () => {
  for (const data of events) readEvent(data);
});

Deno.bench("readEvent() and transform", { group }, () => {
  for (const data of events) edits(readEvent(data));
});

Deno.bench("parseEvent() and transform: without the glance", { group }, () => {
  for (const data of events) edits(parseEvent(data));
});
