/**
 * Tests clocks, rates, repeated ids and limits of the stream, with the program on a real Kafka,
 * over restarts.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { EventServer } from "../../lib/replay/service/server.ts";
import { records } from "../../lib/replay/log.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { eventsOf, recordsOf, serve, startProducer, withData } from "../support/kafka/produce.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { startProgram } from "../support/programs/program.ts";
import { LogService, type ServedEvent } from "../support/stream/log_service.ts";
import { until } from "../support/tools/until.ts";

const kafka = await testKafka();

/** Sets the clock of the program back by ten minutes at SIGUSR2, also for code that kept `now`. */
const STEP_BACK = `--preload=data:text/javascript,${
  encodeURIComponent(`
    const now = Date.now;
    let skew = 0;
    Date.now = () => now() + skew;
    Deno.addSignalListener("SIGUSR2", () => skew = -600_000);
  `)
}`;

/** The work of a producer: until it is stopped, or to its end. */
type Run = {
  /** The number of events that it gets, including repeated ones. */
  readonly events: number;
  /** Whether its clock steps back after half of them. */
  readonly stepsBack?: boolean;
} | {
  /** The number of edits that it publishes. */
  readonly edits: number;
};

/** Runs producers one after the other. Returns the ids in the topic. */
async function idsAfter(runs: readonly Run[], server: EventServer): Promise<number[]> {
  const topic = await makeTopic(kafka);
  let published = 0;
  for (const [index, run] of runs.entries()) {
    const args = [
      ...index === 0 ? ["--since", "1h"] : [],
      ...("edits" in run ? ["--events-to-produce", String(run.edits)] : []),
    ];
    const options = { kafka, topic, url: server.url, args, denoFlags: [STEP_BACK] };
    await using producer = startProducer(options);
    const sent = server.stats.events;
    if ("events" in run) {
      if (run.stepsBack) {
        await until(() => server.stats.events - sent > run.events / 2);
        producer.kill("SIGUSR2");
      }
      await until(() => server.stats.events - sent > run.events);
      producer.kill("SIGINT");
    }
    const { code, stderr } = await producer.ended;
    assertEquals(code, 0, stderr);
    published += Number(/Published ([\d,]+) records/.exec(stderr)?.[1]?.replaceAll(",", ""));
  }
  return (await recordsOf(kafka, topic, published)).map(({ value }) => JSON.parse(value).id);
}

/** Checks that the ids are those of all edits up to some index in each topic, each once. */
function assertAllOnce(ids: readonly number[], edits: readonly number[]): void {
  assertEquals(new Set(ids).size, ids.length);
  assertEquals(ids.toSorted((a, b) => a - b), edits.slice(0, ids.length).toSorted((a, b) => a - b));
}

for (
  const { name, rate, runs } of [
    {
      name: "start publishes each edit once if its clock steps back",
      rate: 1000,
      runs: [{ events: 14_000, stepsBack: true }, { edits: 500 }],
    },
    {
      name: "start publishes each edit once over restarts at 3,000 events a second",
      rate: 3000,
      runs: [{ events: 32_000 }, { events: 30_000 }, { events: 30_000 }],
    },
  ]
) {
  Deno.test(name, async () => {
    // The events that the first run reads at once. The others arrive later.
    const log = syntheticLog({ start: Date.now() - 10_000, rate });
    await using server = serve(log, { pace: "wall-clock" });
    const ids = await idsAfter(runs, server);
    assert(ids.length > 3000, `${ids.length} edits`);
    const counted = { ...log, topics: log.topics.slice(0, 1) };
    const edits = eventsOf(counted, Date.now()).filter(({ body }) => body.type === "edit");
    assertAllOnce(ids, edits.map(({ body }) => body.id));
  });
}

Deno.test("start publishes an id of the log once, even after a restart", async () => {
  const at = Date.now() - 60_000;
  const log: ServedEvent[] = ["A", "B", "C", "A"].map((id, index) => served(id, at, index));
  const service = new LogService(log);
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    ({ url, headers }) => service.fetch(url, { headers }),
  );
  const topic = await makeTopic(kafka);
  const url = `http://127.0.0.1:${server.addr.port}/v2/stream/recentchange`;
  const produced = { kafka, topic, url };
  const args = ["--payload", "event", "--key", "none", "--since", "1h"];
  {
    await using first = startProducer({ ...produced, args });
    await until(() => service.asked.length > 1);
    first.kill("SIGINT");
    assertEquals((await first.ended).code, 0);
  }
  log.push(served("D", at, log.length));
  await using second = startProducer({ ...produced, args: [...args, "--events-to-produce", "1"] });
  const { code, stderr } = await second.ended;
  assertEquals(code, 0, stderr);
  const found = await recordsOf(kafka, topic, 4);
  assertEquals(found.map(({ value }) => JSON.parse(value).meta.id).toSorted(), [..."ABCD"]);
});

function served(id: string, at: number, offset: number): ServedEvent {
  return { timestamp: at + 10 * offset, offset, id, body: { type: "edit" } };
}

Deno.test("start rejects more streams than a position can hold, at once", async () => {
  const streams = Array.from({ length: 120 }, (_, index) => `mediawiki.page-change-${index}`);
  const topics = streams.flatMap((name) => [`eqiad.${name}`, `codfw.${name}`]);
  const now = Date.now();
  const id = topics.map((topic) => ({ topic, partition: 0, timestamp: now }));
  const meta = { id: "1", dt: new Date(now).toISOString(), domain: "en.wikipedia.org" };
  const body = { meta: { ...meta, topic: topics[0], partition: 0, offset: 5, stream: streams[0] } };
  const frame = `event: message\nid: ${JSON.stringify(id)}\ndata: ${JSON.stringify(body)}\n\n`;
  const headers = { "content-type": "text/event-stream" };
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response(frame, { headers }),
  );
  const topic = await makeTopic(kafka);
  const url = `http://127.0.0.1:${server.addr.port}/v2/stream/${streams.join(",")}`;
  await using producer = startProducer({ kafka, topic, url, args: ["--payload", "event"] });
  const { code, stderr } = await producer.ended;
  assertEquals(code, 1, stderr);
  assertMatch(
    stderr,
    /Cannot save a position in 120 streams: it takes \d+ bytes, expected at most/,
  );
  assertMatch(stderr, /Read [2-5]\d of them with this producer/);
  assertEquals(await recordsOf(kafka, topic, 0), []);
});

Deno.test("start reads a log in the past with the --since of replay", async () => {
  await using replay = startProgram(
    "scripts/replay.ts",
    ["--port", "0", "--rate", "0", "--events", "2000"],
    { permissions: ["-P=replay"] },
  );
  const said = await replay.untilOutput("Press Ctrl-C");
  const [, url, since] = /--stream-url (\S+) --since (\S+)/.exec(said)!;
  const topic = await makeTopic(kafka);
  const produced = { kafka, topic, url: url! };
  {
    await using waiting = startProducer(produced);
    await waiting.untilLog("No saved position: starting now");
    waiting.kill("SIGINT");
    assertEquals((await waiting.ended).code, 0);
  }
  const args = ["--since", since!, "--events-to-produce", "100"];
  await using producer = startProducer({ ...produced, args });
  const { code, stderr } = await producer.ended;
  assertEquals(code, 0, stderr);
  assertEquals((await recordsOf(kafka, topic, 100)).length, 100);
});

/**
 * The length of a comment for a record that is too large for a topic with records of up to 64 KiB.
 */
const LONG_COMMENT = "x".repeat(100_000);

Deno.test("start continues after a rejected record until its limit", async () => {
  const start = Date.UTC(2026, 0, 1);
  const end = start + 3000;
  // Without canaries, it would wait for the end of the idle topic.
  const plain = syntheticLog({ start, rate: 40, count: 400, canaryEvery: 50 });
  const events = eventsOf({ ...plain, topics: plain.topics.slice(0, 1) }, end);
  const edits = events.filter(({ body }) => body.type === "edit");
  const huge = new Map([edits[0]!, edits.at(-1)!].map(({ text, body }) => [text, body]));
  // Indexes in the log count canaries, too.
  const texts = [...records(plain.topics[0]!)].map(({ data }) => new TextDecoder().decode(data));
  const log = withData(plain, (index) => {
    const body = huge.get(texts[index]!);
    if (body === undefined) return undefined;
    return new TextEncoder().encode(JSON.stringify({ ...body, comment: LONG_COMMENT }));
  });
  await using server = serve(log);
  const topic = await makeTopic(kafka, { configs: new Map([["max.message.bytes", "65536"]]) });
  const runs = [["--events-to-produce", "1"], ["--until", String(end)]];
  for (const until of runs) {
    const args = ["--payload", "event", "--since", String(start - 1000), ...until];
    await using producer = startProducer({ kafka, topic, url: server.url, args });
    const { code, stderr } = await producer.ended;
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "Rejected (MESSAGE_TOO_LARGE");
  }
  const found = (await recordsOf(kafka, topic, edits.length - 2)).map(({ value }) =>
    JSON.parse(value).id
  );
  const wanted = edits.slice(1, -1).map(({ body }) => body.id);
  assertEquals(found.toSorted(), wanted.toSorted());
});

Deno.test("start rejects records without a key for a compacted topic", async () => {
  const topic = await makeTopic(kafka, { configs: new Map([["cleanup.policy", "compact"]]) });
  await using server = serve(syntheticLog({ start: Date.now(), count: 10 }));
  const args = ["--key", "none"];
  await using producer = startProducer({ kafka, topic, url: server.url, args });
  const { code, stderr } = await producer.ended;
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, "compact");
});
