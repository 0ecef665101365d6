import { assert, assertEquals } from "@std/assert";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { savedPosition } from "../../lib/kafka/publish/position/position_store.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { testKafka, uniqueTopic } from "../support/kafka/kafka.ts";
import {
  eventsOf,
  produce,
  recordsOf,
  serve,
  type TextRecord,
  type Upstream,
} from "../support/kafka/produce.ts";
import { makeTopic } from "../support/kafka/topic.ts";

const kafka = await testKafka();
const START = Date.UTC(2026, 0, 1);
const UNTIL = START + 50_000;
/** Both topics continue beyond the end: the idle one has a canary every 10 s. */
const log = syntheticLog({ start: START, rate: 40, count: 2600, canaryEvery: 400, seed: 5 });
const upstream = eventsOf(log, UNTIL);

type Body = Upstream["body"];

/** The message by the contract, implemented a second time. */
function message(body: Body): string {
  return JSON.stringify({
    id: typeof body.id === "number" ? body.id : null,
    domain: body.meta.domain,
    namespace: NAMESPACES[body.namespace] ?? "unknown",
    title: body.title,
    timestamp: body.meta.dt,
    user_name: body.user ?? null,
    user_type: body.bot ? "bot" : "human",
    old_length: body.length?.old ?? null,
    new_length: body.length?.new ?? null,
  });
}

const NAMESPACES: Record<number, string> = Object.fromEntries(
  ("-2 Media, -1 Special, 0 main namespace, 1 Talk, 2 User, 3 User Talk, 4 Wikipedia, " +
    "5 Wikipedia Talk, 6 File, 7 File Talk, 8 MediaWiki, 9 MediaWiki Talk, 10 Template, " +
    "11 Template Talk, 12 Help, 13 Help Talk, 14 Category, 15 Category Talk, 100 Portal, " +
    "101 Portal Talk, 108 Book, 109 Book Talk, 118 Draft, 119 Draft Talk, 446 Education Program, " +
    "447 Education Program Talk, 710 TimedText, 711 TimedText Talk, 828 Module, 829 Module Talk, " +
    "2300 Gadget, 2301 Gadget Talk, 2302 Gadget definition, 2303 Gadget definition Talk")
    .split(", ").map((
      entry,
    ) => [entry.slice(0, entry.indexOf(" ")), entry.slice(entry.indexOf(" ") + 1)]),
);

/** Returns the expected records of a producer with some flags. */
interface Case {
  readonly flags: string;
  readonly topic?: string;
  /** The topics, created by the producer or before. */
  readonly topics?: (topic: string) => readonly string[];
  readonly wanted: (body: Body) => boolean;
  readonly topicOf?: (topic: string, body: Body) => string;
  readonly key?: (body: Body) => string | null;
  readonly value?: (event: Upstream) => string;
  readonly headers?: (body: Body) => Record<string, string>;
}

const isEdit = (body: Body) => body.type === "edit";
const page = (body: Body) => `${body.meta.domain}/${body.title}`;
const wikis = [
  ...new Set(upstream.filter(({ body }) => isEdit(body)).map(({ body }) => body.wiki)),
];

const cases: readonly Case[] = [
  { flags: "", wanted: isEdit },
  { flags: "--types edit,new", wanted: ({ type }) => type === "edit" || type === "new" },
  { flags: "--types * --compression gzip", wanted: () => true },
  {
    flags: "--types log,142 --payload event",
    wanted: ({ type }) => type === "log" || type === "142",
  },
  { flags: "--wiki enwiki,dewiki", wanted: (b) => isEdit(b) && /^(en|de)wiki$/.test(b.wiki) },
  { flags: "--wiki *wiktionary", wanted: (b) => isEdit(b) && b.wiki.endsWith("wiktionary") },
  {
    flags: "--domain *.wikipedia.org --users human",
    wanted: (b) => isEdit(b) && b.meta.domain.endsWith(".wikipedia.org") && b.bot === false,
  },
  {
    flags: "--users bot --key user",
    wanted: (b) => isEdit(b) && b.bot,
    key: (b) => b.user ?? null,
  },
  { flags: "--namespace 0,-1", wanted: (b) => isEdit(b) && [0, -1].includes(b.namespace) },
  {
    flags: "--types * --namespace *Talk,unknown",
    wanted: (b) => {
      const name = NAMESPACES[b.namespace];
      return name === undefined || name.endsWith("Talk");
    },
  },
  {
    flags: "--types edit,new,log --wiki wikidatawiki --namespace 0 --users bot",
    wanted: (b) =>
      ["edit", "new", "log"].includes(b.type) && b.wiki === "wikidatawiki" && b.namespace === 0 &&
      b.bot,
  },
  { flags: "--key domain", wanted: isEdit, key: (b) => b.meta.domain },
  { flags: "--key none", wanted: isEdit, key: () => null },
  { flags: "--payload event --types *", wanted: () => true, value: ({ text }) => text },
  {
    flags: "--payload event --headers cloudevents --compression zstd",
    wanted: isEdit,
    value: ({ text }) => text,
    headers: (b) => ({
      "content-type": "application/json",
      ce_specversion: "1.0",
      ce_id: b.meta.id,
      ce_source: `https://${b.meta.domain}`,
      ce_type: `org.wikimedia.mediawiki.recentchange.${b.type}`,
      ce_time: b.meta.dt,
      ce_subject: b.title,
    }),
  },
  {
    flags: "--fields title,user,length.new=size,no.such --compression gzip",
    wanted: isEdit,
    value: ({ body }) =>
      JSON.stringify({
        title: body.title,
        user: body.user ?? null,
        size: body.length?.new ?? null,
        "no.such": null,
      }),
  },
  { flags: "--delivery at-least-once --compression zstd --batch-size 100", wanted: isEdit },
  {
    flags: "--types edit,new,log --create-topics --partitions 2",
    topic: "{type}",
    topics: (topic) => ["edit", "new", "log"].map((type) => topic.replace("{type}", type)),
    wanted: ({ type }) => ["edit", "new", "log"].includes(type),
    topicOf: (topic, { type }) => topic.replace("{type}", type),
  },
  {
    flags: "--create-topics --partitions 1 --compression zstd",
    topic: "{wiki}",
    topics: (topic) => wikis.map((wiki) => topic.replace("{wiki}", wiki)),
    wanted: isEdit,
    topicOf: (topic, { wiki }) => topic.replace("{wiki}", wiki),
  },
];

for (const one of cases) {
  const { flags, topic: template = "", wanted, key = page, headers = () => ({}) } = one;
  const { topics = (topic) => [topic], topicOf = (topic) => topic } = one;
  const { value = ({ text, body }) => flags.includes("event") ? text : message(body) } = one;
  Deno.test(`start ${flags || "without flags"}${template && ` --topic ${template}`}`, async () => {
    await using server = serve(log);
    const topic = `${uniqueTopic()}${template && `-${template}`}`;
    const place = uniqueTopic("position");
    const args = flags.split(" ").filter((flag) => flag !== "");
    await makeTopic(kafka, { topic: template === "" ? topic : place });
    if (template !== "") args.push("--position-topic", place);
    const period = ["--since", String(START - 1000), "--until", String(UNTIL)];
    await produce({ kafka, topic, url: server.url, args: [...args, ...period] });

    const events = upstream.filter(({ body }) => wanted(body));
    assert(events.length > 5, "the case says something");
    let count = 0;
    for (const name of topics(topic)) {
      const here = events.filter(({ body }) => topicOf(topic, body) === name);
      const found = await recordsOf(kafka, name, here.length);
      count += found.length;
      const expected = here.map((event) => ({
        key: key(event.body),
        value: value(event),
        timestamp: Date.parse(event.body.meta.dt),
        headers: headers(event.body),
      }));
      assertEquals(sorted(found.map(content)), sorted(expected));
      assertInOrder(found, expected);
    }
    assertEquals(count, events.length);
    if (template === "") return;
    assertEquals(await recordsOf(kafka, place, 0), [], "nothing but the position is there");
    const group = `wikitap.${topic.replaceAll(/[{}]/g, "")}`;
    const cluster = openCluster({ brokers: kafka.split(",") });
    assert(await savedPosition(cluster, { group, topic: place }) !== undefined);
  });
}

type Content = Pick<TextRecord, "key" | "value" | "timestamp" | "headers">;

function content({ key, value, timestamp, headers }: TextRecord): Content {
  return { key, value, timestamp, headers };
}

function sorted(records: readonly Content[]): string[] {
  const lines = records.map(({ key, value, timestamp, headers }) =>
    JSON.stringify([value, key, timestamp, Object.entries(headers).sort()])
  );
  return lines.sort();
}

/** Checks that records of one key are in one partition, in upstream's order. */
function assertInOrder(found: readonly TextRecord[], expected: readonly Content[]): void {
  const keyed = found.filter(({ key }) => key !== null);
  for (const [key, records] of Map.groupBy(keyed, ({ key }) => key)) {
    assertEquals(new Set(records.map(({ partition }) => partition)).size, 1);
    assertEquals(
      records.map(({ value }) => value),
      expected.filter((one) => one.key === key).map(({ value }) => value),
    );
  }
}
