import { closeBytes } from "./byte_stream.ts";

/** One event of a log, as the service sends it. */
export interface ServedEvent {
  /** The Kafka timestamp in ms. */
  readonly timestamp: number;
  readonly offset: number;
  readonly id: string;
  /** Fields besides `meta`. Default: none. */
  readonly body?: object;
}

const TOPIC = "eqiad.mediawiki.recentchange";
/** The number of events in one chunk of the response. */
const CHUNK = 10;
const encoder = new TextEncoder();

/** The behavior of the service. */
export interface LogServiceOptions {
  /** The time in its `Date` header, in ms; `undefined`: no header. */
  readonly date?: () => number | undefined;
  /** Called before each event that it sends. */
  readonly onEvent?: (event: ServedEvent) => void;
  /** Returns the number of events that a connection sends before it ends (default: all). */
  readonly count?: (connection: number) => number;
}

/**
 * A service with one topic, whose log may grow. Like the real service, it starts at the first event
 * with at least the requested timestamp. Its connections end after the last event.
 */
export class LogService {
  /** The times that connections requested, in ms. */
  readonly asked: number[] = [];

  constructor(
    readonly log: readonly ServedEvent[],
    readonly options: LogServiceOptions = {},
  ) {}

  readonly fetch = (input: URL | RequestInfo, init?: RequestInit): Promise<Response> => {
    const lastEventId = new Headers(init?.headers).get("last-event-id");
    const from = lastEventId === null
      ? Number(new URL(String(input)).searchParams.get("since"))
      : JSON.parse(lastEventId)[0].timestamp;
    this.asked.push(from);
    const { date = () => undefined, count = () => Infinity } = this.options;
    const at = date();
    const first = this.log.findIndex(({ timestamp }) => timestamp >= from);
    const headers = {
      "content-type": "text/event-stream",
      ...at === undefined ? {} : { date: new Date(at).toUTCString() },
    };
    const events = first < 0 ? [] : this.log.slice(first, first + count(this.asked.length));
    return Promise.resolve(new Response(this.#body(events), { headers }));
  };

  #body(events: readonly ServedEvent[]): ReadableStream<Uint8Array> {
    let next = 0;
    return new ReadableStream({
      type: "bytes",
      pull: (controller) => {
        let text = next === 0 ? ":ok\n\n" : "";
        for (const event of events.slice(next, next += CHUNK)) {
          this.options.onEvent?.(event);
          text += frameOf(event);
        }
        controller.enqueue(encoder.encode(text));
        if (next >= events.length) closeBytes(controller);
      },
    }, { highWaterMark: 0 });
  }
}

function frameOf({ timestamp, offset, id, body }: ServedEvent): string {
  const sent = [{ topic: TOPIC, partition: 0, timestamp: timestamp + 1 }];
  const meta = {
    id,
    dt: new Date(timestamp).toISOString(),
    domain: "en.wikipedia.org",
    stream: "mediawiki.recentchange",
    topic: TOPIC,
    partition: 0,
    offset,
  };
  return `event: message\nid: ${JSON.stringify(sent)}\ndata: ${
    JSON.stringify({ meta, ...body })
  }\n\n`;
}
