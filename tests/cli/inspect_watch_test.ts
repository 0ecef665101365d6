/** Checks the terminal output of `inspect --watch`, on a real cluster whose brokers die. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ownKafka, uniqueTopic } from "../support/kafka/kafka.ts";
import { editMessages, openPublisher } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { startProgram } from "../support/programs/program.ts";
import { startOnTerminal, type TerminalSession } from "../support/programs/terminal.ts";

// A broker starts before a test and ends in it, which the sanitizers report as a leak.
const unsanitized = { sanitizeOps: false, sanitizeResources: false };

const kafka = await ownKafka({ nodes: 3 });
const brokers = kafka.bootstrapServers;
const topic = await makeTopic(brokers, { partitions: 3, replicationFactor: 3 });

Deno.test.afterAll(async () => await kafka[Symbol.asyncDispose]());

/** Starts `inspect WORDS --watch` on a terminal. */
function watch(...words: string[]): TerminalSession {
  const args = [...words, "--watch", "--bootstrap-server", brokers];
  return startOnTerminal(["-P=inspect", "scripts/inspect.ts", ...args], {
    columns: 200,
    env: { NO_COLOR: "" },
  });
}

/** Returns the rows of partitions on the screen. */
function rows(screen: readonly string[]): string[] {
  return screen.filter((row) => /^ *\d/.test(row));
}

/** Returns whether the row with `text` is red. */
function isRed({ terminal }: TerminalSession, text: string): boolean {
  const { active } = terminal.buffer;
  for (let y = 0; y < active.length; y++) {
    const line = active.getLine(y)!;
    const x = line.translateToString().indexOf(text);
    if (x >= 0) return line.getCell(x)!.getFgColor() === 1;
  }
  return false;
}

Deno.test(
  "inspect topic --watch shows partitions of a dead broker in red",
  unsanitized,
  async () => {
    await using session = watch("topic", topic);
    await session.until((screen) => rows(screen).length === 3);
    assert(!session.screen().join("\n").includes("under-replicated"));
    // Each of them in turn, since one of them is the broker that inspect queries.
    for (const id of [1, 2, 3]) {
      await kafka.kill(id);
      await session.until((screen) =>
        rows(screen).length === 3 && rows(screen).every((row) => row.includes("under-replicated"))
      );
      assert(isRed(session, "under-replicated"));
      await kafka.start(id);
      await session.until((screen) =>
        rows(screen).length === 3 && !screen.join("\n").includes("under-replicated")
      );
    }
    await session.interrupt();
    assertEquals(await session.ended, 0);
    // One screen is redrawn, and the terminal is restored.
    assertEquals(session.terminal.buffer.active.type, "normal");
    assertEquals(session.screen().filter((row) => row.startsWith("partition ")).length, 1);
    assert(!session.written().includes("\x1b[?25l"));
  },
);

Deno.test("inspect group --watch shows when an offset last moved", unsanitized, async () => {
  const group = uniqueTopic("group");
  const args = ["--topic", topic, "--group", group, "--from-beginning"];
  await using publisher = await openPublisher(brokers);
  await publisher.publish(topic, editMessages(0, 30, 3));
  await using reader = startProgram("scripts/consume.ts", [...args, "--bootstrap-server", brokers]);
  await reader.untilLog("Reading partitions");
  await using session = watch("group", group);
  const moved = (row: string) => / \d+s ago /.test(row);
  await session.until((screen) => screen.filter((row) => row.includes(topic)).length === 3);
  // Commits before the first update do not count as moves.
  await publisher.publish(topic, editMessages(30, 30, 3));
  await session.until((screen) => screen.filter(moved).length === 3);
  await session.interrupt();
  assertEquals(await session.ended, 0);
  reader.kill("SIGINT");
  assertEquals((await reader.ended).code, 0);
});

Deno.test("inspect --watch --output json prints an object per line", async () => {
  const args = ["topic", topic, "--watch", "--output", "json", "--bootstrap-server", brokers];
  await using program = startProgram("scripts/inspect.ts", args);
  await program.untilOutput("}\n{");
  program.kill("SIGTERM");
  const { code, stdout, stderr } = await program.ended;
  assertEquals([code, stderr], [0, ""]);
  const seen = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(seen.map((view) => view.topic), seen.map(() => topic));
});

Deno.test("inspect --watch ends with the reason if all brokers are down", unsanitized, async () => {
  await using session = watch();
  await session.until((screen) => screen.some((row) => row.includes(topic)));
  await Promise.all([1, 2, 3].map((id) => kafka.kill(id)));
  assertEquals(await session.ended, 1);
  assertStringIncludes(session.screen().join("\n"), "error: Cannot inspect the cluster: ");
  assert(!session.screen().join("\n").includes("bug in wikitap"));
});
