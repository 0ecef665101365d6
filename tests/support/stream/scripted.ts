import type { ReceivedEvent } from "../../../lib/upstream/parse/received_event.ts";
import { Position } from "../../../lib/upstream/position/position.ts";
import type { StreamOptions } from "../../../lib/upstream/options.ts";
import { EventStream } from "../../../lib/upstream/stream.ts";

export const TOPIC = "eqiad.mediawiki.recentchange";
export const IDLE_TOPIC = "codfw.mediawiki.recentchange";
const STREAM_URL = new URL("http://upstream.test/v2/stream/recentchange");
const encoder = new TextEncoder();

/** Returns one event as the service sends it. Its Kafka timestamp is `1000 + offset`. */
export function frame(
  offset: number,
  { topic = TOPIC, at = 1000 + offset, body = {} } = {},
): string {
  const other = topic === TOPIC ? IDLE_TOPIC : TOPIC;
  const id = [{ topic, partition: 0, timestamp: at + 1 }, {
    topic: other,
    partition: 0,
    offset: -1,
  }];
  const meta = {
    id: `id-${topic}-${offset}`,
    dt: new Date(at).toISOString(),
    domain: "en.wikipedia.org",
    stream: "mediawiki.recentchange",
    topic,
    partition: 0,
    offset,
  };
  const data = JSON.stringify({ $schema: "/mediawiki/recentchange/1.0.0", meta, ...body });
  return `event: message\nid: ${JSON.stringify(id)}\ndata: ${data}\n\n`;
}

export const frames = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => frame(from + i)).join("");

export type Answer = (signal: AbortSignal) => Response;

/**
 * How a scripted response continues after its text: it ends, is cut, stays open and silent, or
 * sends a text at this interval in ms. `deaf`: it is silent, and does not end with its request's
 * signal.
 */
export type Ending =
  | "end"
  | "break"
  | "silence"
  | "deaf"
  | { readonly every: number; readonly send: string };

/** @param date The service's time, in ms. */
export function streamOf(text: string, ending: Ending = "end", date?: number): Answer {
  return (signal) => {
    let timer: ReturnType<typeof setInterval> | undefined;
    const body = new ReadableStream({
      type: "bytes",
      start(controller) {
        controller.enqueue(encoder.encode(`:ok\n\n${text}`));
        if (ending === "end") controller.close();
        if (ending === "silence") {
          signal.addEventListener("abort", () => controller.error(signal.reason));
        }
        if (typeof ending !== "object") return;
        timer = setInterval(() => {
          controller.enqueue(encoder.encode(ending.send));
        }, ending.every);
      },
      pull(controller) {
        if (ending === "break") controller.error(new TypeError("error reading a body"));
      },
      cancel: () => clearInterval(timer),
    });
    return new Response(body, {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        ...date === undefined ? {} : { date: new Date(date).toUTCString() },
      },
    });
  };
}

export const answer = (text: string | null, init: ResponseInit): Answer => () =>
  new Response(text, init);

export interface Request {
  readonly since: string | null;
  readonly lastEventId: { topic: string; partition: number; timestamp: number }[] | undefined;
}

/** A service with one scripted answer per connection. After the last one, it is unreachable. */
export function scriptedService(answers: readonly Answer[]) {
  const requests: Request[] = [];
  const fetch = (input: URL | RequestInfo, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    const lastEventId = headers.get("last-event-id");
    requests.push({
      since: new URL(String(input)).searchParams.get("since"),
      lastEventId: lastEventId === null ? undefined : JSON.parse(lastEventId),
    });
    const answer = answers[requests.length - 1];
    if (answer === undefined) return Promise.reject(new TypeError("connection refused"));
    return Promise.resolve(answer(init!.signal!));
  };
  return { requests, fetch };
}

export function openStream(
  fetch: typeof globalThis.fetch,
  options: Partial<StreamOptions> = {},
): { events: EventStream; stop: AbortController } {
  const stop = new AbortController();
  const events = new EventStream({
    url: STREAM_URL,
    userAgent: "test",
    position: new Position(1000),
    idleTimeout: 5000,
    stop: stop.signal,
    margin: 0,
    random: () => 0,
    monotonic: () => 0,
    fetch,
    ...options,
  });
  return { events, stop };
}

/** Reads `count` events, and returns their identities. */
export async function take(events: EventStream, count: number): Promise<(number | string)[]> {
  const seen: ReceivedEvent[] = [];
  for await (const arrivals of events) {
    seen.push(...arrivals);
    if (seen.length >= count) break;
  }
  return seen.map(({ offset, rejection }) => offset ?? rejection!);
}
