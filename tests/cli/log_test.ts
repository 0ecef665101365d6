import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { freePort } from "../../lib/local/process/ports.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { testKafka, uniqueTopic } from "../support/kafka/kafka.ts";
import { serve, startProducer } from "../support/kafka/produce.ts";
import { testFolder } from "../support/tools/folder.ts";
import { makeTopic } from "../support/kafka/topic.ts";

const kafka = await testKafka();

/** The schema of log lines in docs/operations.md. */
const line = z.strictObject({
  "@timestamp": z.iso.datetime({ precision: 3 }),
  level: z.enum(["DEBUG", "INFO", "WARN", "ERROR"]),
  message: z.string().min(1),
  logger: z.string().regex(/^wikitap(\.[a-z]+)?$/),
  properties: z.record(z.string(), z.unknown()),
});

const linesOf = (stderr: string) =>
  stderr.trimEnd().split("\n").map((text) => line.parse(JSON.parse(text)));

Deno.test("start --log-format json logs all lines in one schema", async () => {
  await using server = serve(
    syntheticLog({ start: Date.UTC(2026, 0, 1), rate: 40, count: 2000 }),
    { faults: { cutEvery: 300, errorEvery: 700 } },
  );
  const topic = await makeTopic(kafka);
  const args = ["--since", "2026-01-01", "--events-to-produce", "300", "--log-format", "json"];
  const where = { kafka, topic, url: server.url };
  await using producer = startProducer({ ...where, args: [...args, "--log-level", "debug"] });
  const ended = await producer.ended;
  assertEquals(ended.code, 0, ended.stderr);
  const levels = new Set(linesOf(ended.stderr).map(({ level }) => level));
  assert(levels.has("DEBUG") && levels.has("INFO"));
});

Deno.test("start --log-format json logs its failure as the last line", async () => {
  const broker = `127.0.0.1:${freePort()}`;
  const args = ["--log-format", "json", "--quiet"];
  const where = { kafka: broker, topic: "t", url: "http://127.0.0.1:1/v2/stream/recentchange" };
  await using producer = startProducer({ ...where, args });
  const { code, stderr } = await producer.ended;
  const [last, ...more] = linesOf(stderr);
  assertEquals([code, more], [1, []]);
  assertEquals([last!.level, last!.logger], ["ERROR", "wikitap"]);
  assert(String(last!.properties.hint).includes("--bootstrap-server"));
  assert(String(last!.properties.causes).includes("ECONNREFUSED"));
});

Deno.test("start logs nothing above info if a connection ends after 15 minutes", async () => {
  await using server = serve(
    syntheticLog({ start: Date.now() - 5000, rate: 100 }),
    { pace: "wall-clock", connectionLimit: 300 },
  );
  const topic = await makeTopic(kafka);
  const args = ["--events-to-produce", "100", "--log-format", "json", "--log-level", "debug"];
  await using producer = startProducer({ kafka, topic, url: server.url, args });
  const { code, stderr } = await producer.ended;
  assertEquals(code, 0, stderr);
  assert(server.stats.connections > 3);
  const loud = linesOf(stderr).filter(({ level }) => level === "WARN" || level === "ERROR");
  assertEquals(loud, []);
});

Deno.test("programs work and obey signals while nothing reads their stderr", async () => {
  await using folder = await testFolder();
  const topic = await makeTopic(kafka);
  await using server = serve(syntheticLog({ start: Date.UTC(2026, 0, 1), rate: 40, count: 2000 }));
  const at = ["--bootstrap-server", kafka, "--topic", topic];
  const start = ["main.ts", ...at, "--stream-url", server.url, "--since", "2026-01-01"];
  await using producer = runUnread(folder.path, [...start, "--events-to-produce", "20"]);
  await producer.stdout.cancel();
  assertEquals((await producer.status).code, 0);
  await using consumer = runUnread(folder.path, [
    ...["scripts/consume.ts", ...at, "--group", uniqueTopic("group"), "--from-beginning"],
  ]);
  const reader = consumer.stdout.getReader();
  assert((await reader.read()).value!.length > 0);
  consumer.kill("SIGINT");
  assertEquals((await consumer.status).code, 0);
  await reader.cancel();
});

/** Runs a program whose stderr is a full pipe without a reader. */
function runUnread(folder: string, command: readonly string[]): Deno.ChildProcess {
  const pipe = `${folder}/${crypto.randomUUID()}`;
  // A pipe that is open for both directions never ends. It has room for 64 KiB.
  const fill =
    `mkfifo ${pipe}; exec 2<>${pipe}; head -c 65536 /dev/zero >&2; exec timeout -k 5 60 "$@"`;
  const run = [Deno.execPath(), "run", "-q", "-A", "--no-check", ...command];
  return new Deno.Command("sh", { args: ["-c", fill, "sh", ...run], stdout: "piped" }).spawn();
}

Deno.test("runMain() logs warnings of libraries, and nothing after the error", async () => {
  const script = `
    import { EventEmitter } from "node:events";
    import { getLogger } from "@logtape/logtape";
    import { program, runMain } from "./lib/cli/program.ts";
    import { UserError } from "./lib/shared/error.ts";
    const run = async () => {
      const emitter = new EventEmitter();
      for (let count = 0; count < 12; count++) emitter.on("event", () => {});
      await new Promise((resolve) => setTimeout(resolve));
      setTimeout(() => getLogger(["wikitap", "late"]).warn("late"));
      throw new UserError("Cannot continue");
    };
    await runMain(program({ usage: "test", summary: "Test", examples: [], groups: [], run }));
  `;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "-q", "--no-lock", "--ext=ts", script, "--", "--log-format", "json"],
    stdin: "null",
  }).output();
  const lines = linesOf(new TextDecoder().decode(stderr));
  assertEquals([code, lines.map(({ level, logger }) => [level, logger])], [
    1,
    [["WARN", "wikitap.process"], ["ERROR", "wikitap"]],
  ]);
  assert(lines[0]!.message.startsWith("MaxListenersExceededWarning: Possible EventEmitter"));
});
