/**
 * Serves the events to the producers, as fast as possible, in a process of its own.
 *
 * - `/static`: the events of the file that it was given; a file that is read costs less than events
 *   that are made, and so leaves the machine to the producer and the broker
 * - `/made/N`: N events that are made when they are sent, if a file would be too large
 * - `/live/N`: N edits a second, each happening when it is sent
 * - `/first`: when the last response began to be read, in ms since 1970
 *
 *     deno run -A tests/bench/source.ts FILE
 */
import { writeOutput } from "../../lib/terminal/output.ts";
import { LiveEdits, sseChunks } from "./events.ts";

const [file] = Deno.args;
const { size } = await Deno.stat(file!);
let first = 0;

const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
  const [, kind, number] = new URL(request.url).pathname.split("/");
  if (kind === "first") return new Response(String(first));
  const headers = new Headers({ "content-type": "text/event-stream; charset=utf-8" });
  // In a chunked response, the tutorial's client takes the chunks' headers for data.
  if (kind === "static") headers.set("content-length", String(size));
  const body = kind === "static"
    ? (await Deno.open(file!)).readable
    : kind === "made"
    ? ReadableStream.from(sseChunks(Number(number)))
    : live(Number(number));
  first = Date.now();
  return new Response(body, { headers });
});
writeOutput(`http://127.0.0.1:${server.addr.port}\n`);

function live(rate: number): ReadableStream<Uint8Array> {
  const edits = new LiveEdits();
  let timer: ReturnType<typeof setInterval>;
  return new ReadableStream({
    start(controller) {
      timer = setInterval(() => controller.enqueue(edits.next()), 1000 / rate);
    },
    cancel() {
      clearInterval(timer);
    },
  });
}
