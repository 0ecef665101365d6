import { assert, assertEquals } from "@std/assert";
import { serveEvents } from "../../../lib/replay/service/server.ts";
import { records } from "../../../lib/replay/log.ts";
import { START, syntheticLog } from "../../../lib/replay/synthetic/log.ts";
import { Position } from "../../../lib/upstream/position/position.ts";
import { EventStream } from "../../../lib/upstream/stream.ts";
import { type Http2Fault, serveHttp2 } from "../../support/stream/http2_upstream.ts";
import { USER_AGENT } from "../../support/stream/frames.ts";
import { startRelay } from "../../support/stream/relay.ts";
import { createAuthority } from "../../support/tools/certificates.ts";

const authority = createAuthority("wikitap-test");
const certificate = authority.issue({ name: "localhost", hosts: ["127.0.0.1"] });
const log = syntheticLog({ count: 500, rate: 400, canaryEvery: 1000 });
const ids = [...records(log.topics[0]!)].map(({ data }) =>
  JSON.parse(new TextDecoder().decode(data)).meta.id
);

/** Reads the whole log. `onBatch` is called with the number of events so far. */
async function readAll(
  url: string,
  { idleTimeout = 10_000, onBatch = () => {} }: {
    idleTimeout?: number;
    onBatch?: (events: number) => void;
  } = {},
): Promise<{ seen: string[]; events: EventStream }> {
  const stop = AbortSignal.timeout(60_000);
  const events = new EventStream({
    url: new URL(url),
    userAgent: USER_AGENT,
    position: new Position(START - 1000),
    stop,
    idleTimeout,
    createClient: () => Deno.createHttpClient({ caCerts: [authority.cert] }),
  });
  const seen: string[] = [];
  for await (const arrivals of events) {
    seen.push(...arrivals.filter(({ key }) => key.startsWith("eqiad")).map(({ id }) => id!));
    onBatch(seen.length);
    if (seen.length >= ids.length) break;
  }
  return { seen, events };
}

Deno.test("serveEvents() serves HTTP/2 over TLS", async () => {
  const server = serveEvents({ log, pace: "at-once", tls: certificate });
  try {
    assertEquals(new URL(server.url).protocol, "https:");
    const { seen } = await readAll(server.url);
    assertEquals(seen, ids);
    // The server supports no HTTP/1.1, so this was HTTP/2.
    using client = Deno.createHttpClient({ caCerts: [authority.cert], http1: false });
    const response = await fetch(server.url, { client, headers: { "user-agent": USER_AGENT } });
    assertEquals(response.status, 200);
    await response.body!.cancel();
  } finally {
    await server.stop();
  }
});

for (const tls of [certificate, undefined]) {
  const protocol = tls === undefined ? "HTTP/1.1" : "HTTP/2";
  Deno.test(`EventStream leaves a dead TCP connection, ${protocol}`, async () => {
    const server = serveEvents({ log, pace: "first-client", tls });
    await using relay = startRelay(Number(new URL(server.url).port));
    try {
      const url = Object.assign(new URL(server.url), { port: relay.port });
      const onBatch = (events: number) => {
        if (events < 100 || relay.accepted > 1) return;
        relay.silence();
        relay.forget();
      };
      const { seen, events } = await readAll(url.href, { idleTimeout: 1000, onBatch });
      assertEquals(seen, ids);
      assertEquals(Object.fromEntries(events.counts.reconnects), { idle: 1 });
      assertEquals(relay.accepted, 2);
    } finally {
      await server.stop();
    }
  });
}

const FAULTS: readonly Http2Fault[] = [
  "reset",
  "reset without error",
  "go away",
  "enhance your calm",
  "destroy",
];
for (const fault of FAULTS) {
  Deno.test(`EventStream reads each event once over HTTP/2: ${fault}`, async () => {
    const target = serveEvents({ log, pace: "at-once", tls: certificate });
    try {
      const tls = { ...certificate, ca: authority.cert };
      await using server = serveHttp2(target.url, tls, [fault, fault]);
      const { seen, events } = await readAll(server.url);
      assertEquals(seen, ids);
      const endings = [...events.counts.reconnects.keys()];
      if (fault === "go away") assertEquals([endings, server.sessions], [[], 1]);
      else assert(server.sessions > 1 && /^(end|cut)/.test(endings.join()), endings.join());
    } finally {
      await target.stop();
    }
  });
}
