import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { serveEvents } from "../../lib/local/event_server.ts";
import { syntheticLog } from "../../lib/local/synthetic.ts";
import { programs } from "../../scripts/options.ts";
import { testKafka, uniqueTopic } from "../support/kafka.ts";
import { runProgram } from "../support/program.ts";

const kafka = await testKafka();
const rights = new Map((await programs()).map((one) => [one.script, one.rights]));

/** The rights of a program's task, with the addresses that it meets here. */
function rightsOf(script: string, addresses: readonly string[]): string[] {
  return rights.get(script)!.map((flag) =>
    flag.startsWith("--allow-net") ? `--allow-net=${addresses.join(",")}` : flag
  );
}

/** Runs a program with the given rights, and then with each of them left out. */
async function checkRights(script: string, args: readonly string[], permissions: string[]) {
  // By the environment, which takes a right of its own.
  const env = { KAFKA_BROKERS: kafka };
  const { code, stderr } = await runProgram(script, args, { permissions, env });
  assertEquals(code, 0, stderr);
  for (const left of permissions) {
    const others = permissions.filter((flag) => flag !== left);
    const without = await runProgram(script, args, { permissions: others, env });
    assertNotEquals(without.code, 0, `${script} works without ${left}`);
    assert(!without.stderr.includes("defect"), without.stderr);
  }
}

Deno.test("each program works with the rights of its task, and with none of them left out", async (t) => {
  await using stack = new AsyncDisposableStack();
  const upstream = serveEvents({ log: syntheticLog({ rate: 1000 }) });
  stack.defer(() => upstream.stop());
  const { host } = new URL(upstream.url);
  const topic = uniqueTopic("rights");
  const common = ["--topic", topic];
  await t.step(
    "create-topic",
    () =>
      checkRights("scripts/create_topic.ts", common, rightsOf("scripts/create_topic.ts", [kafka])),
  );
  await t.step("the producer", () =>
    checkRights(
      "main.ts",
      [...common, "--stream-url", upstream.url, "--events-to-produce", "5"],
      rightsOf("main.ts", [kafka, host]),
    ));
  await t.step("consume", () =>
    checkRights(
      "scripts/consume.ts",
      [...common, "--from-beginning", "--max-messages", "1"],
      rightsOf("scripts/consume.ts", [kafka]),
    ));
});
