import { assert, assertEquals, assertMatch } from "@std/assert";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { testFolder } from "../support/tools/folder.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { serve, startProducer } from "../support/kafka/produce.ts";
import { startOnTerminal } from "../support/programs/terminal.ts";
import { makeTopic } from "../support/kafka/topic.ts";

const kafka = await testKafka();
const STATUS = /^reading · [\d.,]+ edits\/s · [\d.,]+ events\/s · /;
const LOG = /^\d\d:\d\d:\d\d [a-z]+ +[a-z]+: /;

const isStatus = (row: string | undefined) => STATUS.test(row ?? "");

function live() {
  return serve(syntheticLog({ start: Date.now() - 5000, rate: 40 }), { pace: "wall-clock" });
}

async function producer(url: string, ...flags: string[]): Promise<string[]> {
  const topic = await makeTopic(kafka);
  const net = `--allow-net=${kafka},${new URL(url).host}`;
  const where = ["--bootstrap-server", kafka, "--topic", topic, "--stream-url", url];
  return ["-P=producer", net, "main.ts", ...where, ...flags];
}

Deno.test("start on a terminal shows a status line, and then the summary", async () => {
  await using server = live();
  const command = await producer(server.url);
  await using session = startOnTerminal(command, { columns: 100 });
  await session.until((screen) => isStatus(screen.at(-1)));
  const first = session.screen().at(-1);
  await session.until((screen) => isStatus(screen.at(-1)) && screen.at(-1) !== first);
  assertEquals(session.screen().filter(isStatus).length, 1);
  await session.interrupt();
  assertEquals(await session.ended, 0);
  const screen = session.screen();
  assert(screen.every((row) => LOG.test(row)), screen.join("\n"));
  assertMatch(screen.at(-1)!, /info +produce: Published [\d,]+ records of [\d,]+ events/);
});

Deno.test("start fits its status line to the terminal's current width", async () => {
  await using server = live();
  const command = await producer(server.url);
  await using session = startOnTerminal(command, { columns: 120 });
  await session.until((screen) => /duplicates? dropped$/.test(screen.at(-1) ?? ""));
  await session.resize(40);
  await session.until((screen) => {
    const rows = screen.filter((row) => row.startsWith("reading"));
    return rows.length === 1 && /^reading · .{0,30}events\/s$/.test(rows[0]!);
  });
  await session.resize(9);
  await session.until((screen) => screen.at(-1) === "reading");
  await session.interrupt();
  assertEquals(await session.ended, 0);
});

Deno.test("start shows colors, and none with NO_COLOR", async () => {
  await using server = live();
  const limit = ["--events-to-produce", "20"];
  for (const [NO_COLOR, isColored] of [["1", false], ["", true]] as const) {
    const command = await producer(server.url, ...limit);
    await using session = startOnTerminal(command, { env: { NO_COLOR } });
    assertEquals(await session.ended, 0);
    // deno-lint-ignore no-control-regex -- colors begin with it
    assertEquals(/\x1b\[\d+m/.test(session.written()), isColored);
  }
});

Deno.test("start logs its progress on a dumb terminal", async () => {
  await using server = live();
  const command = await producer(server.url);
  await using session = startOnTerminal(command, { env: { TERM: "dumb" }, columns: 300 });
  await session.until((screen) => screen.some((row) => /info +produce: reading, /.test(row)));
  await session.interrupt();
  assertEquals(await session.ended, 0);
  assert(!session.written().includes("\x1b"));
});

Deno.test("start --dry-run separates output and status line on one terminal", async () => {
  await using server = live();
  const command = await producer(server.url, "--dry-run", "--quiet=false");
  await using session = startOnTerminal(command, { columns: 4000 });
  await session.until((screen) => screen.length > 30 && isStatus(screen.at(-1)));
  await session.interrupt();
  assertEquals(await session.ended, 0);
  const printed = session.screen().filter((row) => !LOG.test(row));
  assert(printed.length > 0 && printed.every((row) => "value" in JSON.parse(row)));
});

Deno.test("start shows no status line with --quiet or --log-format json", async () => {
  await using server = live();
  const limit = ["--events-to-produce", "20"];
  const quiet = await producer(server.url, ...limit, "--quiet");
  await using silent = startOnTerminal(quiet);
  assertEquals([await silent.ended, silent.screen()], [0, []]);
  const json = await producer(server.url, ...limit, "--log-format", "json");
  await using lines = startOnTerminal(json, { columns: 4000 });
  assertEquals(await lines.ended, 0);
  const levels = lines.screen().map((row) => JSON.parse(row).level);
  assert(
    levels.length > 0 && levels.every((level) => ["INFO", "WARN"].includes(level)),
    `${levels}`,
  );
});

Deno.test("start logs its progress if stderr is not a terminal", async () => {
  await using server = live();
  const topic = await makeTopic(kafka);
  const args = ["--log-format", "json"];
  await using producer = startProducer({ kafka, topic, url: server.url, args });
  await producer.untilLog("edits/s");
  producer.process.kill("SIGINT");
  const lines = (await producer.ended).stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
  const progress = lines.filter(({ message }) => message.includes("edits/s"));
  assertEquals(progress.length, 1);
  assertMatch(progress[0].message, /^reading, [\d.]+ edits\/s, /);
  assertEquals([progress[0].level, progress[0].logger], ["INFO", "wikitap.produce"]);
  assert(progress[0].properties.events_per_second > 10);
});

Deno.test("store on a terminal shows a status line, and then the summary", async () => {
  await using server = live();
  const topic = await makeTopic(kafka);
  await using producer = startProducer({ kafka, topic, url: server.url });
  await using folder = await testFolder();
  const files = [`--allow-read=${folder.path}`, `--allow-write=${folder.path}`];
  const command = ["-P=store", `--allow-net=${kafka}`, ...files, "scripts/store.ts"];
  const where = ["--bootstrap-server", kafka, "--topic", topic];
  await using session = startOnTerminal(
    [...command, ...where, "--database", `sqlite:${folder.path}/edits.db`],
    { columns: 120 },
  );
  const status = /^storing · [\d.,]+ records\/s · .+ · [\d,]+ stored · 3 partitions$/;
  await session.until((screen) => status.test(screen.at(-1) ?? ""));
  await session.interrupt();
  assertEquals(await session.ended, 0);
  assert(session.screen().every((row) => !row.includes("records/s")));
  assertMatch(session.screen().join(""), /Ended: [\d,]+ stored/);
  producer.process.kill("SIGTERM");
  assertEquals((await producer.ended).code, 0);
});
