/**
 * Runs the commands of the README and of the pages in docs/, block by block, as written.
 * A local EventStreams server takes the place of Wikimedia.
 */
import { assertEquals } from "@std/assert";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { serveEvents } from "../../lib/replay/service/server.ts";
import { busyDefaultPorts } from "../support/programs/default_ports.ts";
import { testPostgres } from "../support/databases/postgres.ts";
import { NO_SETTINGS, PATH_WITH_DENO } from "../support/programs/program.ts";
import { codeBlocks, PAGES, ROOT } from "../support/tools/readme.ts";
import { noRegistry } from "../support/kafka/registry.ts";
import { noEngines, PYTHON_PROGRAMS } from "../support/tools/python.ts";
import { testOpenSearch } from "../support/databases/opensearch.ts";
import { needing } from "../support/tools/skip.ts";
import { until } from "../support/tools/until.ts";

/** Blocks that are not run here, with the reason. */
const ELSEWHERE: readonly (readonly [block: RegExp, reason: string])[] = [
  [/\bacls\b|--tls /, "security_test runs it, on a Kafka with TLS, SASL and ACLs"],
  [/ -P=store /, "rights_test runs programs with permissions of their own"],
  [/ task verify\b/, "verify_test runs it, on a topic of the last hours"],
  [/ task chaos --events \d{6}/, "it takes ten minutes; tests/chaos has smaller runs"],
  [/ task (ok|test)\b|^git /, "it is what runs this"],
];

/** Commands that run until Ctrl-C, with a sign that they work. */
const ENDLESS: readonly (readonly [block: RegExp, shows: Shows])[] = [
  [/ task demo$/, "line"],
  [/ task replay\b/, "line"],
  [/ task dashboard$/, new URL("http://127.0.0.1:8080/")],
  [/ task consume --group readers$/, /Reading partitions/],
  [/ task start --metrics-port 9464$/, new URL("http://127.0.0.1:9464/health/ready")],
  [/ main\.ts --contact \S+$/, /[1-9] published/],
  [/\/consume\.ts --from-beginning$/, "line"],
];

/** A first line on stdout, an address that answers, or a text in the log. */
type Shows = "line" | URL | RegExp;

/** These run beside the blocks after them. */
const KEPT = / task (demo|replay)\b/;

/** Placeholders in commands, and their values here. */
const SUBSTITUTES: readonly (readonly [string | RegExp, string])[] = [
  [/\bnpx -y deno@[\d.]+/g, "deno"],
  ["broker.example.org:9092", "localhost:9092"],
  [/^pip install .*$/gm, "true"], // the block runs only if it is installed
  ["--partitions 6 --replication-factor 3", "--partitions 6"], // this Kafka has one broker
];

/** The time limit of a block, in s; on an idle machine none needs a quarter of it. */
const LIMIT = 180;

const busy = await busyDefaultPorts([9092, 9093, 9094, 8181, 8080, 8081, 5432, 9464]);
const postgres = busy.length === 0 ? await testPostgres({ fsync: "off" }, 5432) : undefined;
const noPorts = busy.length === 0 ? undefined : `ports in use: ${busy}`;
const search = await testOpenSearch();
const noDuckDb = await noEngines();
const missingRegistry = await noRegistry();

Deno.test(needing(noPorts, {
  name: "README.md's commands work as written",
  async fn(t) {
    await using stack = new AsyncDisposableStack();
    const upstream = serveEvents({ log: syntheticLog({ rate: 400 }) });
    stack.defer(() => upstream.stop());
    const session = await openSession(stack, { EVENTSTREAMS_URL: upstream.url });
    const blocks = codeBlocks(await Deno.readTextFile(new URL("README.md", ROOT)));
    const own = blocks.findIndex((block) => block.includes("broker.example.org"));
    {
      await using demo = new AsyncDisposableStack();
      await runBlocks(t, "README.md", blocks.slice(0, own), session, demo);
    }
    // The demo has stopped its Kafka. From here on the reader has one.
    await run("deno task kafka start --clean --detach", session);
    await runBlocks(t, "README.md", blocks.slice(own), session, stack);
  },
}));

Deno.test(needing(noPorts, {
  name: "the commands of docs/ work as written, after those of the tutorial",
  async fn(t) {
    await using stack = new AsyncDisposableStack();
    await makeDatabase();
    const session = await openSession(stack, { PGPASSWORD: postgres!.password });
    for (const page of PAGES.filter((page) => page !== "README.md")) {
      const blocks = codeBlocks(await Deno.readTextFile(new URL(page, ROOT)));
      if (!await runBlocks(t, page, blocks, session, stack)) break;
    }
  },
}));

/** The state of a shell that runs the pages' commands. */
interface Session {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The lines `export` and `unset` so far. */
  readonly exported: string[];
}

/** Creates a separate checkout. Local services that are started in it end with `stack`. */
async function openSession(
  stack: AsyncDisposableStack,
  variables: Readonly<Record<string, string>>,
): Promise<Session> {
  const cwd = await checkout();
  stack.defer(() => Deno.remove(cwd, { recursive: true }));
  const env = { ...NO_SETTINGS, PATH: `${PYTHON_PROGRAMS}:${PATH_WITH_DENO}`, ...variables };
  const session = { cwd, env, exported: [] };
  for (const service of ["kafka", "registry"]) {
    stack.defer(async () => void await run(`deno task ${service} stop`, session));
  }
  return session;
}

/**
 * Runs blocks in order. Those in `KEPT` end with `kept`. Returns false after a failure, since later
 * blocks need the earlier ones.
 */
async function runBlocks(
  t: Deno.TestContext,
  page: string,
  blocks: readonly string[],
  session: Session,
  kept: AsyncDisposableStack,
): Promise<boolean> {
  for (const block of blocks) {
    if (ELSEWHERE.some(([pattern]) => pattern.test(block))) continue;
    const missing = block.includes("task registry")
      ? missingRegistry
      : /^duckdb /m.test(block)
      ? noDuckDb
      : undefined;
    const name = `${page}: ${block.split("\n")[0]!}`;
    const fn = () => runBlock(block, session, kept);
    const passed = await t.step(needing(missing, { name, fn }));
    if (!passed && missing === undefined) return false;
  }
  return true;
}

/** Runs a block to its end. An endless one runs until it works, or until `kept` is disposed of. */
async function runBlock(
  block: string,
  session: Session,
  kept: AsyncDisposableStack,
): Promise<void> {
  const substitutes = [...SUBSTITUTES, ["https://localhost:9200", search.url] as const];
  const command = substitutes.reduce((text, [from, to]) => text.replaceAll(from, to), block);
  session.exported.push(...command.match(/^(export|unset) .*$/gm) ?? []);
  const [, shows] = ENDLESS.find(([pattern]) => pattern.test(block)) ?? [];
  if (shows === undefined) {
    const { code, text } = await run(command, session);
    assertEquals(code, 0, text);
  } else if (KEPT.test(block)) {
    kept.use(await start(command, session, shows));
  } else {
    await using _running = await start(command, session, shows);
  }
}

async function run(command: string, session: Session): Promise<{ code: number; text: string }> {
  // `timeout` ends all processes that the shell has started; Deno would end only the shell.
  const { code, stdout, stderr } = await new Deno.Command("timeout", {
    args: [`${LIMIT}`, "sh", "-exc", [...session.exported, command].join("\n")],
    cwd: session.cwd,
    env: session.env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** Starts a command, waits until it works, and ends it as Ctrl-C does when it is disposed of. */
async function start(command: string, session: Session, shows: Shows): Promise<AsyncDisposable> {
  // Into files, because a full pipe would stop the command.
  const file = () => Deno.makeTempFile({ dir: session.cwd, prefix: ".output-" });
  const [output, log] = [await file(), await file()];
  const process = new Deno.Command("sh", {
    args: ["-c", [...session.exported, `exec ${command} > ${output} 2> ${log}`].join("\n")],
    cwd: session.cwd,
    env: session.env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const stop = async () => {
    process.kill("SIGINT");
    const { code } = await process.status;
    assertEquals(code, 0, `${command} ended: ${await Deno.readTextFile(log)}`);
  };
  try {
    const [look, pattern] = shows instanceof URL
      ? [() => answers(shows), /^true$/]
      : shows === "line"
      ? [() => Deno.readTextFile(output), /\n/]
      : [() => Deno.readTextFile(log), shows];
    await until(async () => String(await look()), (text) => pattern.test(text), LIMIT * 1000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { [Symbol.asyncDispose]: stop };
}

async function answers(url: URL): Promise<boolean> {
  const response = await fetch(url).catch(() => undefined);
  await response?.body?.cancel();
  return response?.ok ?? false;
}

/** Copies the files that git knows, so that the commands find no data of this checkout. */
async function checkout(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "wikitap-docs-" });
  const copy = `git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t $0
    mkdir $0/.local
    cp -R .local/kafka-[0-9]* .local/apicurio-* $0/.local || true # downloads`;
  await new Deno.Command("sh", { args: ["-c", copy, folder], stderr: "null" }).output();
  return folder;
}

/** Creates the user and the database that the tutorial asks for. */
async function makeDatabase(): Promise<void> {
  const admin = postgres!.connect("postgres", "postgres");
  await admin.unsafe(`CREATE ROLE wikitap LOGIN PASSWORD '${postgres!.password}'`);
  await admin.unsafe("CREATE DATABASE wikitap OWNER wikitap");
  await admin.end();
}
