/**
 * Checks the rules of failures. A stream that was readable once is retried with back-off and one
 * warning. One that was never readable ends the start, unless the failure is temporary. Each row is
 * tested at the start of the stream and after events.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { CAUSES, describe, UpstreamRefused } from "../../../../lib/upstream/connection/failure.ts";
import type { Cause } from "../../../../lib/upstream/connection/failure.ts";
import { gatherLog } from "../../../support/programs/logged.ts";
import {
  type Answer,
  answer,
  frame,
  frames,
  openStream,
  scriptedService,
  streamOf,
  take,
} from "../../../support/stream/scripted.ts";

const ORIGIN = "http://upstream.test";
const CHECK_URL = "Check --stream-url";

interface Row {
  readonly cause: Cause;
  /** The start of the warning or the error. */
  readonly says: string;
  /** The hint of the error that ends the start; `undefined` if it waits. */
  readonly hint: string | undefined;
  readonly answer: Answer;
  /** Whether it ends the stream even after events. */
  readonly stops?: boolean;
}

const status = (status: number, cause: Cause, hint: string | undefined): Row => ({
  cause,
  says: `${ORIGIN} answered ${status}`,
  hint,
  answer: answer(null, { status }),
});

/** Rejects as Deno's fetch does. */
const network = (says: string, cause: Cause, hint: string | undefined): Row => ({
  cause,
  says: `Cannot reach ${ORIGIN}: client error (Connect): ${says}`,
  hint,
  answer: () => {
    const sent = `error sending request for url (${ORIGIN}/): client error (Connect): ${says}`;
    throw new TypeError("fetch failed", { cause: new Error(sent) });
  },
});

const denied = (host: string, says: string): Row => ({
  cause: "not_permitted",
  says: `${says}: Deno denies the connection`,
  hint: `--allow-net=${host},…`,
  answer: () => {
    throw new Deno.errors.NotCapable(
      `Requires net access to "${host}", run again with the --allow-net flag`,
    );
  },
});

const contentType = (type: string): Row => ({
  cause: "not_event_stream",
  says: `${ORIGIN}/v2/stream/recentchange is not an event stream: its content type is '${type}'`,
  hint: CHECK_URL,
  answer: answer("<html>", { headers: { "content-type": type } }),
});

const encoded = (encoding: string): Row => ({
  cause: "content_encoding",
  says: `Cannot read ${ORIGIN}/v2/stream/recentchange: its Content-Encoding is '${encoding}', ` +
    "expected none",
  hint: "Accept-Encoding: identity",
  answer: answer("", {
    headers: { "content-type": "text/event-stream", "content-encoding": encoding },
  }),
});

const never = (says: string): Row => ({
  cause: "http_3xx",
  says: `Cannot reach ${ORIGIN}: ${says}`,
  hint: CHECK_URL,
  answer: () => {
    throw new TypeError(says);
  },
});

const ROWS: readonly Row[] = [
  { ...status(204, "http_204", CHECK_URL), stops: true },
  status(206, "not_event_stream", CHECK_URL),
  status(300, "http_3xx", CHECK_URL),
  status(304, "http_3xx", CHECK_URL),
  never("Fetch failed: Maximum number of redirects (20) reached"),
  never("Fetch failed: Can not redirect to a non HTTP(s) url"),
  never("Invalid URL: 'http://[' with base 'http://upstream.test/'"),
  { ...status(400, "http_400", "--reset-position"), stops: true },
  status(401, "http_4xx", CHECK_URL),
  status(403, "http_4xx", "--contact"),
  status(404, "http_404", CHECK_URL),
  status(407, "http_4xx", "the proxy's user and password"),
  status(408, "http_429", undefined),
  status(410, "http_4xx", CHECK_URL),
  status(416, "http_4xx", CHECK_URL),
  status(425, "http_429", undefined),
  status(429, "http_429", undefined),
  status(451, "http_4xx", CHECK_URL),
  status(500, "http_5xx", undefined),
  status(503, "http_5xx", undefined),
  {
    ...status(502, "http_5xx", undefined),
    says: `${ORIGIN} answered 502: <html> Bad gateway </html>`,
    answer: answer("<html>\n  Bad gateway\n</html>\n", { status: 502 }),
  },
  contentType("text/html"),
  contentType("application/json; charset=utf-8"),
  contentType("text/event-streams"),
  encoded("zstd"),
  encoded("deflate"),
  encoded("gzip"),
  network("tcp connect error: Connection refused (os error 111)", "unreachable", undefined),
  network(
    "dns error: failed to lookup address information: Name or service not known",
    "unreachable",
    undefined,
  ),
  network("Proxy server unreachable", "unreachable", undefined),
  network("proxy authentication required", "http_4xx", "the proxy's user and password"),
  network("invalid peer certificate: UnknownIssuer", "certificate", "deno run --cert"),
  network("invalid peer certificate: certificate expired", "certificate", "the clock"),
  network("received corrupt message of type InvalidContentType", "not_event_stream", "https"),
  {
    ...never("Fetch failed: Requests to port 7 are blocked"),
    cause: "not_permitted",
    hint: "Choose another port",
  },
  denied("upstream.test:80", `Cannot connect to ${ORIGIN}`),
  denied("login.test:443", `Cannot follow the redirect from ${ORIGIN} to 'login.test:443'`),
];

/** Returns the failure three times, and then events. */
function meet({ answer }: Row, before: readonly Answer[]) {
  const { fetch } = scriptedService([...before, answer, answer, answer, streamOf(frames(0, 2))]);
  const waits: number[] = [];
  const sleep = (ms: number) => Promise.resolve(void waits.push(ms));
  const { events } = openStream(fetch, { random: () => 1, sleep });
  return { events, waits };
}

for (const [i, row] of ROWS.entries()) {
  const { cause, says, hint, stops = false } = row;
  const name = `row ${i}: ${says.slice(0, 40)}`;

  Deno.test(`EventStream ${hint === undefined ? "waits" : "ends"} at start, ${name}`, async () => {
    using log = gatherLog();
    const { events, waits } = meet(row, []);
    if (hint !== undefined) {
      const error = await assertRejects(() => take(events, 2), UpstreamRefused);
      assertEquals(describe(error), says);
      assertEquals(error.hint?.includes(hint), true, error.hint);
      assertEquals([log.lines, waits], [[], []]);
      return;
    }
    assertEquals(await take(events, 2), [0, 1]);
    assertEquals(waits, [250, 500, 1000]);
    assertEquals(log.lines, linesOf(says));
    assertEquals(events.counts.reconnects.get(cause), 3);
  });

  Deno.test(`EventStream ${stops ? "ends" : "waits"} after events, ${name}`, async () => {
    using log = gatherLog();
    const { events, waits } = meet(row, [streamOf(frame(0))]);
    if (stops) {
      await assertRejects(() => take(events, 2), UpstreamRefused, says);
      assertEquals(log.lines, []);
      return;
    }
    assertEquals(await take(events, 2), [0, 1]);
    // After each 404 it sends another request, by time.
    const failures = cause === "http_404" ? 1 : 3;
    assertEquals(waits, [0, 250, 500, 1000].slice(0, 1 + failures));
    assertEquals(log.lines, linesOf(says, failures));
    assertEquals(events.counts.reconnects.get(cause), failures);
    assertEquals(CAUSES.includes(cause), true);
  });
}

const linesOf = (says: string, failures = 3) => [
  `warning: ${says}; retrying`,
  `info: Reading again after 0 s, failed attempts: ${failures}`,
];
