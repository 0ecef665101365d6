import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../lib/shared/error.ts";
import { CODFW, EQIAD, syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { testKafka, testKafka3, uniqueTopic } from "../support/kafka/kafka.ts";
import {
  eventsOf,
  produce,
  recordsOf,
  serve,
  type TextRecord,
  type Upstream,
} from "../support/kafka/produce.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { kcat, NO_KCAT } from "../support/tools/kcat.ts";
import { needing } from "../support/tools/skip.ts";

const kafka = await testKafka();
const kafka3 = await testKafka3();
const START = Date.UTC(2026, 0, 1);
const FROM_START = ["--since", String(START - 1000)];

const isEdit = ({ body }: Upstream) => body.type === "edit";
const idOf = ({ body }: Upstream): string => body.meta.id;
const idIn = ({ value }: TextRecord): string => JSON.parse(value).meta.id;

function assertInOrder(found: readonly TextRecord[], events: readonly Upstream[]): void {
  const place = new Map(events.map((event, index) => [idOf(event), index]));
  for (const [key, records] of Map.groupBy(found, ({ key }) => key)) {
    const places = records.map((record) => place.get(idIn(record))!);
    assertEquals(places, places.toSorted((a, b) => a - b), `the order of '${key}'`);
    assertEquals(new Set(records.map(({ partition }) => partition)).size, 1);
  }
}

Deno.test("start keeps the order per key over restarts and cut connections", async () => {
  const count = 20_000;
  const log = syntheticLog({ start: START, rate: 40, count });
  const events = eventsOf(log).filter(isEdit);
  await using server = serve(log, { faults: { cutEvery: 700 } });
  const topic = await makeTopic(kafka3, { partitions: 5 });
  const args = [...FROM_START, "--payload", "event", "--key", "domain", "--batch-size", "300"];
  const run = (more: string[], stop?: AbortSignal) =>
    produce({ kafka: kafka3, topic, url: server.url, args: [...args, ...more] }, stop);
  for (const part of [1, 299, 301, 1000, 2500]) await run(["--events-to-produce", String(part)]);
  // One run that is stopped in the middle, and then the rest.
  await run([], AbortSignal.timeout(900));
  await run(["--until", String(START + 1000 * count / 40)]);
  const found = await recordsOf(kafka3, topic, events.length);
  assertEquals(found.map(idIn).sort(), events.map(idOf).sort());
  assertInOrder(found, events);
  assert(server.stats.cuts > 5);
});

Deno.test("producers with different names and filters fill one topic", async () => {
  const log = syntheticLog({ start: START, rate: 40, count: 5000 });
  await using server = serve(log, { connectionsPerAddress: 10 });
  const topic = await makeTopic(kafka);
  const filters: readonly (readonly [string[], (event: Upstream) => boolean])[] = [
    [["--types", "edit", "--users", "bot"], (event) => isEdit(event) && event.body.bot],
    [["--types", "edit", "--users", "human"], (event) => isEdit(event) && !event.body.bot],
    [["--types", "new,log"], ({ body }) => ["new", "log"].includes(body.type)],
  ];
  const events = eventsOf(log);
  await Promise.all(filters.map(([flags, wanted], index) =>
    produce({
      kafka,
      topic,
      url: server.url,
      args: [
        ...[...FROM_START, ...flags, "--payload", "event", "--name", `${topic}.${index}`],
        ...["--events-to-produce", String(events.filter(wanted).length)],
      ],
    })
  ));
  const wanted = events.filter((event) => filters.some(([, wanted]) => wanted(event)));
  const found = await recordsOf(kafka, topic, wanted.length);
  assertEquals(found.map(idIn).sort(), wanted.map(idOf).sort());
});

Deno.test("start --payload event publishes upstream JSON byte for byte", async () => {
  const log = syntheticLog({ start: START, rate: 40, count: 12_000 });
  const events = eventsOf(log);
  await using server = serve(log);
  const topic = await makeTopic(kafka, { partitions: 1 });
  const args = [...FROM_START, "--payload", "event", "--types", "*", "--batch-size", "100000"];
  await produce({
    kafka,
    topic,
    url: server.url,
    args: [...args, "--events-to-produce", String(events.length)],
  });
  const found = await recordsOf(kafka, topic, events.length);
  assertEquals(found.length, events.length);
  const sent = new Set(events.map(({ text }) => text));
  assert(found.every(({ value }) => sent.delete(value)));
});

Deno.test("consecutive back-fills leave no gap and no duplicate", async () => {
  // The active data center changes in the middle: both topics have edits.
  const log = syntheticLog({
    start: START,
    rate: 40,
    count: 6000,
    canaryEvery: 600,
    switchAt: 2500,
  });
  await using server = serve(log, { faults: { cutEvery: 900, stallEvery: 3000 } });
  const topic = await makeTopic(kafka);
  const args = ["--payload", "event", ...FROM_START];
  for (const until of [20_000, 62_480, 62_510, 100_000].map((ms) => START + ms)) {
    await produce({
      kafka,
      topic,
      url: server.url,
      args: [...args, "--until", String(until)],
    });
    const wanted = eventsOf(log, until).filter(isEdit);
    const found = await recordsOf(kafka, topic, wanted.length);
    assertEquals(found.map(idIn).sort(), wanted.map(idOf).sort());
    const beforeUntil = eventsOf(log).filter((event) =>
      isEdit(event) && Date.parse(event.body.meta.dt) < until && event.body.meta.topic === EQIAD
    );
    // The topic has no earlier edits, except for the synthetic ones that are years old.
    const there = new Set(found.map(idIn));
    const isRecent = ({ body }: Upstream) => Date.parse(body.meta.dt) > START;
    assert(beforeUntil.filter(isRecent).every((event) => there.has(idOf(event))));
  }
  const places = (await recordsOf(kafka, topic, 0)).map(({ value }) =>
    JSON.parse(value).meta.topic
  );
  assertEquals(new Set(places), new Set([EQIAD, CODFW]));
});

Deno.test("start --until ends if no later event arrives", async () => {
  const log = syntheticLog({ start: START, rate: 40, count: 2000 });
  await using server = serve(log);
  const topic = await makeTopic(kafka);
  const until = START + 30_000;
  const args = ["--payload", "event", "--until", String(until)];
  const options = { kafka, topic, url: server.url };
  const begun = Date.now();
  await produce({ ...options, args: [...args, ...FROM_START] });
  const seconds = (Date.now() - begun) / 1000;
  assert(seconds > 9 && seconds < 30, `${seconds} s`);
  const wanted = eventsOf(log, until).filter(isEdit);
  const found = await recordsOf(kafka, topic, wanted.length);
  assertEquals(found.map(idIn).sort(), wanted.map(idOf).sort());
  const error = await assertRejects(
    () => produce({ ...options, args: [...args, "--name", uniqueTopic()] }),
    UserError,
    "expected a later time",
  );
  assert(error.hint?.includes("--since"));
});

for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"]) {
  Deno.test(needing(NO_KCAT, {
    name: `kcat reads --compression ${compression}`,
    fn: async () => {
      const log = syntheticLog({ start: START, rate: 40, count: 3000 });
      const events = eventsOf(log).filter(isEdit);
      await using server = serve(log);
      const topic = await makeTopic(kafka);
      const args = [...FROM_START, "--compression", compression, "--payload", "event"];
      await produce({
        kafka,
        topic,
        url: server.url,
        args: [...args, "--events-to-produce", String(events.length)],
      });
      await recordsOf(kafka, topic, events.length);
      const lines = await kcat("-C", "-e", "-q", "-b", kafka, "-t", topic);
      assertEquals(lines.sort(), events.map(({ text }) => text).sort());
    },
  }));
}
