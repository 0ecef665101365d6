/** Measures parsing the stream, compared with a plain loop over the same bytes. */
import { SseParser } from "../../lib/upstream/parse/sse.ts";
import { sseChunks } from "./events.ts";

const EVENTS = 10_000;
const chunks = [...sseChunks(EVENTS)];
const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
const group = `SSE: ${EVENTS} events, ${(bytes / 1e6).toFixed(1)} MB`;

Deno.bench("a plain read of the bytes", { group, baseline: true }, () => {
  let sum = 0;
  for (const chunk of chunks) for (let i = 0; i < chunk.length; i++) sum += chunk[i]!;
  if (sum === 0) throw new Error("nothing was read");
});

Deno.bench("TextDecoder", { group }, () => {
  const decoder = new TextDecoder();
  for (const chunk of chunks) decoder.decode(chunk, { stream: true });
});

Deno.bench("SseParser", { group }, () => {
  const parser = new SseParser();
  for (const chunk of chunks) parser.push(chunk);
});
