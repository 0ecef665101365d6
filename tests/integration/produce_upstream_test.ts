import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Faults } from "../../lib/replay/service/faults.ts";
import { withGarbage } from "../../lib/replay/service/faults.ts";
import type { EventServerStats } from "../../lib/replay/service/server.ts";
import { freePort } from "../../lib/local/process/ports.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { eventsOf, recordsOf, serve, startProducer } from "../support/kafka/produce.ts";
import type { Ended } from "../support/programs/program.ts";
import { makeTopic } from "../support/kafka/topic.ts";

const kafka = await testKafka();
const START = Date.UTC(2026, 0, 1);
const log = withGarbage(syntheticLog({ start: START, rate: 40, count: 4000 }), {
  seed: 3,
  every: 200,
});
const edits = eventsOf(log).filter(({ body }) => body.type === "edit");

/**
 * Checks that all edits of the log are published once despite faults. Returns the log and the
 * counts.
 */
async function survive(
  faults: Faults,
  ...flags: string[]
): Promise<{ ended: Ended; stats: EventServerStats }> {
  await using server = serve(log, { faults });
  const topic = await makeTopic(kafka);
  const args = ["--since", String(START - 1000), "--events-to-produce", String(edits.length)];
  await using producer = startProducer({
    kafka,
    topic,
    url: server.url,
    args: [...args, ...flags],
  });
  const ended = await producer.ended;
  assertEquals(ended.code, 0, ended.stderr);
  const found = await recordsOf(kafka, topic, edits.length);
  assertEquals(
    found.map(({ value }) => JSON.parse(value).id).sort(),
    edits.map(({ body }) => body.id).sort(),
  );
  assertEquals(/^ +at |kafkajs/im.exec(ended.stderr), null, ended.stderr);
  assertEquals(ended.stderr.match(/^error/gm), null);
  return { ended, stats: server.stats };
}

Deno.test("start survives cut connections, and counts the duplicates", async () => {
  const { ended, stats } = await survive({ cutEvery: 400 });
  assert(stats.cuts > 3);
  assertMatch(
    ended.stderr,
    /Published 1,\d+ records of .*rejected.*reconnects.*duplicates dropped/,
  );
});

Deno.test("start survives 429 and 5xx, and logs two lines for each outage", async () => {
  const { ended, stats } = await survive({ cutEvery: 800, statuses: [429, 500, 503] });
  const rows = stats.refused[429] ?? 0;
  assert(rows >= 1);
  const tries = ended.stderr.match(/answered \d+.*; retrying/g) ?? [];
  assertEquals(tries.length, ended.stderr.match(/Reading again after [\d.]+ s/g)?.length);
  assertEquals(tries.length, rows, "one line for each row of failures");
  // Retry-After is a second, for 429 and 503 each.
  assert(ended.ms > 2000 * rows, `${ended.ms} ms`);
});

Deno.test("start survives error events", async () => {
  const { stats } = await survive({ errorEvery: 800 });
  assert(stats.errors >= 2);
});

Deno.test("start reconnects after --idle-timeout without an event", async () => {
  const { stats } = await survive({ stallEvery: 800 }, "--idle-timeout", "300ms");
  assert(stats.stalls >= 1);
  assert(stats.connections > stats.stalls);
});

Deno.test("start exits with 1 if the answer is not an event stream", async () => {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) =>
      new URL(request.url).pathname.endsWith("/nothing")
        ? new Response("{}", { status: 404 })
        : new Response("<html>\u001b[2J", { headers: { "content-type": "text/html" } }),
  );
  const topic = await makeTopic(kafka);
  const run = async (path: string) => {
    const url = `http://127.0.0.1:${server.addr.port}${path}`;
    const args = ["--payload", "event", "--types", "*", "--name", `${topic}${path}`];
    await using producer = startProducer({ kafka, topic, url, args, limit: 15_000 });
    return await producer.ended;
  };
  try {
    const page = await run("/page");
    assertEquals([page.code, page.stdout], [1, ""]);
    assertMatch(
      page.stderr,
      /^error: http.* is not an event stream: its content type is 'text\/html/m,
    );
    assertStringIncludes(page.stderr, "Check --stream-url");
    const nothing = await run("/nothing");
    assertEquals(nothing.code, 1);
    assertMatch(nothing.stderr, /^error: .*answered 404/m);
  } finally {
    await server.shutdown();
  }
});

Deno.test("start retries while upstream is unreachable, until it is stopped", async () => {
  const topic = await makeTopic(kafka);
  const url = `http://127.0.0.1:${freePort()}/v2/stream/recentchange`;
  await using producer = startProducer({ kafka, topic, url });
  await producer.untilLog("retrying");
  producer.process.kill("SIGTERM");
  const ended = await producer.ended;
  assertEquals(ended.code, 0, ended.stderr);
  assertEquals(ended.stderr.match(/ warn /g)?.length, 1, ended.stderr);
});
