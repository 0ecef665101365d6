import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../lib/shared/error.ts";
import { type DatabaseAddress, parseDatabase } from "../../lib/store/address.ts";
import { openReader } from "../../lib/store/report/answers.ts";
import { openSink } from "../../lib/store/sinks/open.ts";
import { connect } from "../../lib/store/sinks/postgres_connection.ts";
import { QUESTIONS } from "../../lib/store/report/questions.ts";
import { toRows } from "../../lib/store/rows.ts";
import { type Claim, NO_ROWS, type Sink } from "../../lib/store/sink.ts";
import { DatabaseSync } from "node:sqlite";
import { testFolder } from "../support/tools/folder.ts";
import { HOSTILE } from "../support/tools/hostile.ts";
import { testOpenSearch } from "../support/databases/opensearch.ts";
import { testPostgres } from "../support/databases/postgres.ts";
import { loadParquet } from "../support/databases/parquet.ts";
import { editOf } from "../support/kafka/records.ts";

const server = await testPostgres();
const search = await testOpenSearch();
const encoder = new TextEncoder();

/** An empty database, and a way to look into it. */
interface Place extends AsyncDisposable {
  readonly address: DatabaseAddress;
  readonly password: string | undefined;
  query(sql: string): Promise<Record<string, unknown>[]>;
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  async sqlite() {
    const directory = await Deno.makeTempDir();
    const file = `${directory}/edits.db`;
    return {
      address: { kind: "sqlite", file },
      password: undefined,
      query(sql) {
        using database = new DatabaseSync(file, { readOnly: true });
        return Promise.resolve(database.prepare(sql).all());
      },
      [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
    };
  },
  async parquet() {
    const folder = await testFolder();
    const directory = `${folder.path}/edits`;
    return {
      address: { kind: "parquet", directory },
      password: undefined,
      async query(sql) {
        using database = await loadParquet(directory);
        return database.prepare(sql).all();
      },
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  },
  opensearch() {
    const address = search.database();
    return Promise.resolve({
      address,
      password: undefined,
      async query(sql) {
        using database = await search.load(address);
        return database.prepare(sql).all();
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
  async postgres() {
    const database = await server.database();
    return {
      address: parseDatabase(database.address),
      password: server.password,
      query: async (sql) => [...await database.sql.unsafe(sql)],
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    };
  },
};

function records(first: number, ...values: (string | object | null)[]) {
  return values.map((value, index) => ({
    offset: String(first + index),
    timestamp: "1767225600000",
    value: value === null
      ? null
      : encoder.encode(typeof value === "string" ? value : JSON.stringify(value)),
  }));
}

async function claimOf(sink: Sink, group = "group", topic = "topic"): Promise<Claim> {
  const topicId = await sink.addTopic({ clusterId: "cluster", topic, kafkaId: null });
  return await sink.claim({ topicId, partition: 0, group, first: 0n });
}

for (const [kind, make] of Object.entries(PLACES)) {
  const test = (name: string, body: (place: Place) => Promise<void>) =>
    Deno.test(`${kind}: ${name}`, async () => {
      await using place = await make();
      await body(place);
    });

  test("write() stores all kinds of rows, and the offset", async ({ address, password, query }) => {
    await using sink = await openSink(address, password);
    const claim = await claimOf(sink);
    const hostile = `'"\\,{}\n\t$1 <script> \u202e\u{1f600}\ud800 NULL`;
    const rows = toRows(records(
      7,
      editOf(1),
      editOf(2, { title: hostile, user_name: null, old_length: null, id: 2 ** 53 - 1 }),
      "no JSON",
      { ...editOf(3), color: "red" },
      null,
      "x".repeat(70_000),
    ));
    assertEquals(await sink.write({ claim, next: 13n, rows }), { claim: { ...claim, next: 13n } });
    await sink.flush();
    const time = kind !== "postgres"
      ? "time_ms"
      : "(extract(epoch FROM time) * 1000)::bigint::text";
    const edits = await query(`SELECT record_offset, ${time} AS time, type, change_id, domain,
      title, user_name, is_bot, old_length, new_length FROM edits ORDER BY record_offset`);
    assertEquals(edits.map((edit) => ({ ...edit, is_bot: Boolean(edit.is_bot) })).map(plain), [
      {
        record_offset: "7",
        time: "1767225601000",
        type: null,
        change_id: "1",
        domain: "de.wikipedia.org",
        title: "Page 1",
        user_name: "User 1",
        is_bot: false,
        old_length: "1000",
        new_length: "991",
      },
      {
        record_offset: "8",
        time: "1767225602000",
        type: null,
        change_id: "9007199254740991",
        domain: "ja.wikipedia.org",
        title: hostile.toWellFormed(),
        user_name: null,
        is_bot: false,
        old_length: null,
        new_length: "992",
      },
    ]);
    const bad = await query(`SELECT record_offset, reason, length(value) AS kept, value_size, is_cut
      FROM bad_records ORDER BY record_offset`);
    assertEquals(bad.map((row) => Object.values(plain(row)).map(String)), [
      ["9", "bad JSON", "7", "7", kind === "postgres" ? "false" : "0"],
      [
        "10",
        "unknown field: color",
        bad[1]!.kept,
        bad[1]!.kept,
        kind === "postgres" ? "false" : "0",
      ]
        .map(String),
      ["11", "no value", "null", "0", kind === "postgres" ? "false" : "0"],
      ["12", "bad JSON", "65536", "70000", kind === "postgres" ? "true" : "1"],
    ]);
    assertEquals((await claimOf(sink)).next, 13n);
  });

  test("write() stores any text unchanged, or its record as a bad one", async (place) => {
    const { address, password } = place;
    await using sink = await openSink(address, password);
    const claim = await claimOf(sink);
    const texts = Object.values(HOSTILE);
    const edits = texts.flatMap((text, number) => [
      editOf(number, { title: text, user_name: text, namespace: text, domain: text }),
      editOf(number, { title: text }),
      { ...editOf(number), [text]: text },
    ]);
    const rows = toRows(records(0, ...edits));
    const next = BigInt(edits.length);
    assertEquals(await sink.write({ claim, next, rows }), { claim: { ...claim, next } });
    await sink.flush();
    const stored = await place.query(
      `SELECT title FROM edits WHERE domain LIKE '%.wikipedia.org' ORDER BY record_offset`,
    );
    const storable = texts.filter((text) => text.length <= 512 && !text.includes("\0"));
    assertEquals(stored.map(({ title }) => title), storable.map((text) => text.toWellFormed()));
    const reasons = await place.query("SELECT DISTINCT reason FROM bad_records ORDER BY reason");
    assert(reasons.some(({ reason }) => reason === "NUL character: title"));
    assert(reasons.some(({ reason }) => reason === "too long: title"));
    const [all] = await place.query(
      "SELECT (SELECT count(*) FROM edits) + (SELECT count(*) FROM bad_records) AS count",
    );
    assertEquals(BigInt(all!.count as number), next);
    if (kind === "parquet" || kind === "opensearch") return;
    await using reader = openReader(address, password);
    const users = await reader.ask(QUESTIONS["top-users"], { limit: 1000 });
    for (const text of storable.filter((text) => text.length <= 253)) {
      assert(users.some(({ user_name }) => user_name === text.toWellFormed()), text);
    }
  });

  test("write() fails after another member has claimed the partition", async (place) => {
    await using sink = await openSink(place.address, place.password);
    const [mine, other] = [await claimOf(sink, "mine"), await claimOf(sink, "other")];
    const rows = toRows(records(0, editOf(1)));
    assertEquals(await sink.write({ claim: mine, next: 1n, rows }), { heldBy: "other" });
    await sink.flush();
    assertEquals(await place.query("SELECT * FROM edits"), []);
    assertEquals(await sink.write({ claim: other, next: 1n, rows }), {
      claim: { ...other, next: 1n },
    });
  });

  test("write() recognizes an earlier write whose answer was lost", async (place) => {
    await using sink = await openSink(place.address, place.password);
    const claim = await claimOf(sink);
    const batch = { claim, next: 1n, rows: toRows(records(0, editOf(1))) };
    assertEquals(await sink.write(batch), await sink.write(batch));
    await sink.flush();
    assertEquals((await place.query("SELECT * FROM edits")).length, 1);
    const elsewhere = await sink.write({ claim, next: 2n, rows: NO_ROWS });
    assertEquals(elsewhere, { heldBy: "group" });
  });

  test("write() does not change rows that exist", async (place) => {
    await using sink = await openSink(place.address, place.password);
    const claim = await claimOf(sink);
    await sink.write({ claim, next: 2n, rows: toRows(records(0, editOf(1), "bad")) });
    const rows = toRows(records(0, editOf(2), "worse", editOf(3)));
    assert("claim" in await sink.write({ claim: { ...claim, next: 2n }, next: 3n, rows }));
    await sink.flush();
    const edits = await place.query("SELECT change_id FROM edits ORDER BY record_offset");
    assertEquals(edits.map(({ change_id }) => Number(change_id)), [1, 3]);
    assertEquals((await place.query("SELECT * FROM bad_records")).length, 1);
  });

  test("claim() distinguishes topics of the same name on two clusters", async (place) => {
    await using sink = await openSink(place.address, place.password);
    const ids = await Promise.all(
      ["a", "b", "a"].map((clusterId) =>
        sink.addTopic({ clusterId, topic: "topic", kafkaId: null })
      ),
    );
    assertEquals([ids[0] === ids[2], ids[0] === ids[1]], [true, false]);
  });

  test("addTopic() rejects a topic that was deleted and created again", async (place) => {
    await using sink = await openSink(place.address, place.password);
    const named = (kafkaId: string | null, topic = "topic") =>
      sink.addTopic({ clusterId: "cluster", topic, kafkaId });
    const number = await named("first");
    assertEquals([await named("first"), await named(null)], [number, number]);
    const { message, hint } = await assertRejects(() => named("second"), UserError);
    assertEquals(
      message,
      "Cannot store the topic 'topic': it was deleted and created again since it was stored: its id is second, expected first",
    );
    assert(hint?.includes(sink.advice.dropTopic(number)));
    assert(await named("another", "topic2") !== number);
  });

  if (kind === "sqlite" || kind === "postgres") {
    test("write() keeps rows that exist after the offset was moved back", async (place) => {
      await using sink = await openSink(place.address, place.password);
      const written = async (claim: Claim, next: bigint, ...values: (string | object)[]) => {
        const outcome = await sink.write({ claim, next, rows: toRows(records(0, ...values)) });
        assertEquals(outcome, { claim: { ...claim, next } });
      };
      await written(await claimOf(sink), 2n, editOf(1), "bad");
      await change(place, "UPDATE positions SET next_offset = 0");
      await written(await claimOf(sink), 4n, editOf(2), editOf(3), editOf(4), "bad");
      const rows = await place.query(`SELECT record_offset, change_id FROM edits
        UNION ALL SELECT record_offset, NULL FROM bad_records`);
      const found = rows.map((row) => `${row.record_offset}: ${row.change_id}`).sort();
      assertEquals(found, ["0: 1", "1: 3", "1: null", "2: 4", "3: null"]);
    });
  }

  test("openSink() creates the tables once if several start together", async (place) => {
    const sinks = await Promise.all(
      Array.from({ length: 8 }, () => openSink(place.address, place.password)),
    );
    assertEquals(new Set(sinks.map(({ databaseId }) => databaseId)).size, 1);
    for (const sink of sinks) await sink[Symbol.asyncDispose]();
    const version = kind === "parquet" || kind === "opensearch" ? "1" : "2";
    assertEquals((await place.query("SELECT version FROM wikitap")).map(plain), [{ version }]);
  });

  test("openSink() rejects tables of a later version", async (place) => {
    await (await openSink(place.address, place.password))[Symbol.asyncDispose]();
    await change(place, "UPDATE wikitap SET version = 99");
    await assertRejects(
      () => openSink(place.address, place.password),
      UserError,
      ` of version 99: expected at most version `,
    );
  });
}

/** All values as text, since the drivers differ in what they give for large integers. */
function plain(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === "number" || typeof value === "bigint" ? String(value) : value,
    ]),
  );
}

async function change({ address, password }: Place, sql: string): Promise<void> {
  if (address.kind === "sqlite") {
    using database = new DatabaseSync(address.file);
    database.exec(sql);
  } else if (address.kind === "opensearch") {
    const meta = { wikitap: { version: 99, database_id: "id" } };
    await search.request("PUT", `${address.index}-state/_mapping`, { _meta: meta });
  } else if (address.kind === "parquet") {
    const version = Number(/\d+/.exec(sql)![0]);
    const file = `${address.directory}/_wikitap/database.json`;
    await Deno.writeTextFile(file, JSON.stringify({ id: "id", version }));
  } else {
    const client = connect(address, password);
    await client.unsafe(sql);
    await client.end();
  }
}
