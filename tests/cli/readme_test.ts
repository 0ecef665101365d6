/**
 * Runs the commands of the README, block by block, in a checkout of its own. Wikimedia is played by
 * the stand-in, as the README says how.
 */
import { assert, assertEquals } from "@std/assert";
import { fetchedRegistry } from "../../lib/local/registry/distribution.ts";
import { busyDefaultPorts } from "../support/programs/default_ports.ts";
import { testPostgres } from "../support/databases/postgres.ts";
import { NO_SETTINGS, PATH_WITH_DENO } from "../support/programs/program.ts";
import { codeBlocks } from "../support/tools/readme.ts";
import { NO_REGISTRY } from "../support/kafka/registry.ts";
import { until } from "../support/tools/until.ts";

/** Blocks that are not run here, and why. */
const ELSEWHERE: readonly (readonly [block: RegExp, reason: string])[] = [
  [/ task test$/, "it is what runs this"],
  [/^deno run --no-prompt /, "rights_test runs the programs with these rights"],
  [/\bacls\b|--tls /, "security_test runs it, on a Kafka that is locked"],
  [/ task chaos --events \d{6}|tests\/chaos/, "it takes long; tests/chaos has smaller ones"],
  [/\b(bench|soak)\b/, "it measures, for minutes or hours"],
];

/** Commands that go on until Ctrl-C, and what shows that they work: a first line, or an answer. */
const ENDLESS: readonly (readonly [block: RegExp, shows: "line" | URL])[] = [
  [/ task demo$/, "line"],
  [/ task replay\b/, "line"],
  [/ task dashboard$/, new URL("http://127.0.0.1:8080/")],
  [/ task start --metrics-port 9464$/, new URL("http://127.0.0.1:9464/health/ready")],
];

/** How long a block may take, in s: none needs a quarter of it on a machine that is not busy. */
const LIMIT = 180;

const busy = await busyDefaultPorts([9092, 9093, 9094, 8181, 8080, 8081, 5432, 9464]);
const postgres = busy.length === 0 ? await testPostgres({ fsync: "off" }, 5432) : undefined;

Deno.test({
  name: "README.md's commands work, in order, as they stand there" +
    (busy.length === 0 ? "" : ` (skipped: ports in use: ${busy})`),
  ignore: postgres === undefined,
  async fn(t) {
    await using stack = new AsyncDisposableStack();
    const cwd = await checkout();
    stack.defer(() => Deno.remove(cwd, { recursive: true }));
    await makeDatabase();
    const env = {
      ...NO_SETTINGS,
      PATH: PATH_WITH_DENO,
      EVENTSTREAMS_URL: "http://127.0.0.1:8181/v2/stream/recentchange",
      PGPASSWORD: postgres!.password,
    };
    for (const service of ["kafka", "registry"]) {
      stack.defer(async () => void await run(`deno task ${service} stop`, { cwd, env }));
    }
    const hasRegistry = await fetchedRegistry() !== undefined;
    for (const block of codeBlocks(await Deno.readTextFile("README.md"))) {
      if (ELSEWHERE.some(([pattern]) => pattern.test(block))) continue;
      const ignore = block.includes("task registry") && !hasRegistry;
      const passed = await t.step({
        name: block.split("\n")[0]! + (ignore ? ` (${NO_REGISTRY})` : ""),
        ignore,
        fn: () => runBlock(block, { cwd, env }, stack),
      });
      if (!passed && !ignore) break; // what follows needs what came before
    }
  },
});

interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a block to its end, or where it has none until it works; `replay` goes on until the end. */
async function runBlock(
  block: string,
  place: Place,
  stack: AsyncDisposableStack,
): Promise<void> {
  const command = block.replaceAll(/\bnpx -y deno@[\d.]+/g, "deno");
  const [, shows] = ENDLESS.find(([pattern]) => pattern.test(block)) ?? [];
  if (shows === undefined) {
    const { code, text } = await run(command, place);
    assertEquals(code, 0, text);
  } else if (command.includes("task replay")) {
    stack.use(await start(command, place, shows));
  } else {
    await using _running = await start(command, place, shows);
  }
}

async function run(command: string, place: Place): Promise<{ code: number; text: string }> {
  // It ends all that the shell has started, which Deno would not.
  const { code, stdout, stderr } = await new Deno.Command("timeout", {
    args: [`${LIMIT}`, "sh", "-exc", command],
    ...{ ...place, stdin: "null", stdout: "piped", stderr: "piped" },
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** Starts a command, waits until it works, and ends it as Ctrl-C does when it is disposed of. */
async function start(
  command: string,
  { cwd, env }: Place,
  shows: "line" | URL,
): Promise<AsyncDisposable> {
  // The demo finds no Wikimedia, so that what it publishes is in a topic of its own.
  const own = / task demo$/.test(command) ? { EVENTSTREAMS_URL: "http://127.0.0.1:1/" } : {};
  const process = new Deno.Command("sh", {
    args: ["-c", `exec ${command} 2>> .stderr`],
    ...{ cwd, env: { ...env, ...own }, stdin: "null", stdout: "piped", stderr: "null" },
  }).spawn();
  const running = {
    async [Symbol.asyncDispose]() {
      process.kill("SIGINT");
      const { code } = await process.status;
      await process.stdout.cancel();
      assertEquals(code, 0, `${command} ended: ${await Deno.readTextFile(`${cwd}/.stderr`)}`);
    },
  };
  if (shows === "line") {
    const reader = process.stdout.getReader();
    const { done } = await reader.read();
    assert(!done, `${command} ended at once`);
    reader.releaseLock();
  } else await until(() => answers(shows), Boolean, LIMIT * 1000);
  return running;
}

async function answers(url: URL): Promise<boolean> {
  const response = await fetch(url).catch(() => undefined);
  await response?.body?.cancel();
  return response?.ok ?? false;
}

/** A copy of what git knows of this checkout, so that the commands find none of its data. */
async function checkout(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "wikitap-readme-" });
  const copy = `git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t $0
    mkdir $0/.local
    cp -R .local/kafka-[0-9]* .local/apicurio-* $0/.local || true # what was fetched once`;
  await new Deno.Command("sh", { args: ["-c", copy, folder], stderr: "null" }).output();
  return folder;
}

/** The database that the README takes for granted. */
async function makeDatabase(): Promise<void> {
  const admin = postgres!.connect("postgres", "postgres");
  await admin.unsafe(`CREATE ROLE wikitap LOGIN PASSWORD '${postgres!.password}'`);
  await admin.unsafe("CREATE DATABASE wikitap OWNER wikitap");
  await admin.end();
}
