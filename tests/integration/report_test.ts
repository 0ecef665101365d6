import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../lib/shared/error.ts";
import { type DatabaseAddress, formatDatabase, parseDatabase } from "../../lib/store/address.ts";
import { openReader } from "../../lib/store/report/answers.ts";
import { openSink } from "../../lib/store/sinks/open.ts";
import { QUESTIONS } from "../../lib/store/report/questions.ts";
import { toRows } from "../../lib/store/rows.ts";
import { testFolder } from "../support/tools/folder.ts";
import { testPostgres } from "../support/databases/postgres.ts";
import { editOf } from "../support/kafka/records.ts";

const server = await testPostgres();

/** Stores 200 edits of three wikis, a second apart, every fourth by a bot, and two bad records. */
const EDITS = [
  ...Array.from({ length: 200 }, (_, number) => editOf(number, { title: `P${number % 7}` })),
  "none",
  { ...editOf(1), color: "red" },
];

async function fill(
  address: DatabaseAddress,
  password: string | undefined,
  values: readonly unknown[] = EDITS,
): Promise<void> {
  await using sink = await openSink(address, password);
  const topicId = await sink.addTopic({ clusterId: "cluster", topic: "topic", kafkaId: null });
  const claim = await sink.claim({ topicId, partition: 0, group: "group", first: 0n });
  const records = values.map((value, offset) => ({
    offset: String(offset),
    timestamp: "0",
    value: new TextEncoder().encode(JSON.stringify(value)),
  }));
  await sink.write({ claim, next: BigInt(values.length), rows: toRows(records) });
}

async function answers(address: DatabaseAddress, password: string | undefined) {
  await using reader = openReader(address, password);
  const found: Record<string, unknown> = {};
  for (const [name, question] of Object.entries(QUESTIONS)) {
    found[name] = await reader.ask(question, { limit: 2 });
  }
  return { ...found, lastMinute: await reader.ask(QUESTIONS.bots, { limit: 2, last: 60_000 }) };
}

const WANTED = {
  "edits-per-minute": [
    { minute: "2026-01-01T00:03Z", edits: 20, bots: 5 },
    { minute: "2026-01-01T00:02Z", edits: 60, bots: 15 },
  ],
  "top-wikis": [
    { wiki: "de.wikipedia.org", edits: 67, bots_percent: 25.4 },
    { wiki: "en.wikipedia.org", edits: 67, bots_percent: 25.4 },
  ],
  "top-pages": [
    { wiki: "de.wikipedia.org", title: "P0", edits: 10 },
    { wiki: "de.wikipedia.org", title: "P1", edits: 10 },
  ],
  "top-users": [
    { user_name: "User 0", kind: "bot", edits: 2 },
    { user_name: "User 1", kind: "human", edits: 2 },
  ],
  bots: [
    { kind: "human", edits: 150, percent: 75 },
    { kind: "bot", edits: 50, percent: 25 },
  ],
  "biggest-changes": [49, 99].map((number) => ({
    change: 39,
    time: new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString(),
    wiki: editOf(number).domain,
    title: `P${number % 7}`,
    user_name: `User ${number}`,
  })),
  "bad-records": [
    { reason: "unknown field: color", records: 1 },
    { reason: "wrong shape: (top)", records: 1 },
  ],
  lastMinute: [
    { kind: "human", edits: 45, percent: 75 },
    { kind: "bot", edits: 15, percent: 25 },
  ],
};

Deno.test("ask() answers all questions from SQLite", async () => {
  await using folder = await testFolder();
  const address = { kind: "sqlite", file: `${folder.path}/edits.db` } as const;
  await assertRejects(
    () => answers(address, undefined),
    UserError,
    `Cannot report on '${formatDatabase(address)}': no edits are stored in it`,
  );
  await fill(address, undefined);
  assertEquals(plain(await answers(address, undefined)), WANTED);
});

Deno.test("ask() gives the same answers from PostgreSQL", async () => {
  await using database = await server.database();
  const address = parseDatabase(database.address);
  const { password } = server;
  await assertRejects(
    () => answers(address, password),
    UserError,
    `Cannot report on '${formatDatabase(address)}': no edits are stored in it`,
  );
  await fill(address, password);
  assertEquals(plain(await answers(address, password)), WANTED);
});

/** Stores three edits of 00:00, and one three minutes later. */
const SPARSE = [10, 20, 50, 210].map((second) => editOf(second));

Deno.test("ask() counts only whole minutes", async () => {
  await using folder = await testFolder();
  await using database = await server.database();
  const places = [
    [{ kind: "sqlite", file: `${folder.path}/edits.db` }, undefined],
    [parseDatabase(database.address), server.password],
  ] as const;
  for (const [address, password] of places) {
    await fill(address, password, SPARSE);
    await using reader = openReader(address, password);
    const minutes = async (limit: number) =>
      plain(await reader.ask(QUESTIONS["edits-per-minute"], { limit }));
    const last = { minute: "2026-01-01T00:03Z", edits: 1, bots: 0 };
    assertEquals(await minutes(1), [last]);
    assertEquals(await minutes(3), [last]);
    const first = { minute: "2026-01-01T00:00Z", edits: 3, bots: 1 };
    assertEquals(await minutes(4), [last, first]);
  }
});

Deno.test("ask() distinguishes a slow question from an unreachable database", async () => {
  await using database = await server.database();
  const address = parseDatabase(database.address);
  await fill(address, server.password);
  const limits = { statement: 50, answer: 20_000, lock: 0 };
  await using reader = openReader(address, server.password, limits);
  await database.sql.begin(async (sql) => {
    await sql.unsafe("LOCK TABLE edits IN ACCESS EXCLUSIVE MODE");
    const error = await assertRejects(
      () => reader.ask(QUESTIONS.bots, { limit: 1 }),
      UserError,
      "Cannot answer the question: the database canceled it after 50ms: canceling statement",
    );
    assertEquals(error.hint, "Ask about fewer edits: --last DURATION");
  });
});

/** The objects of `node:sqlite` have no prototype, which `assertEquals()` would report. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
