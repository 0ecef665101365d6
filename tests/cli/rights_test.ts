import { assert, assertEquals } from "@std/assert";
import { kafkaLibs } from "../../lib/local/kafka/distribution.ts";
import { serveEvents } from "../../lib/replay/server.ts";
import { fetchedRegistry } from "../../lib/local/registry/distribution.ts";
import { shell } from "../../lib/local/process/shell.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { programs } from "../../scripts/dev/options.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { testPostgres } from "../support/databases/postgres.ts";
import { type Ended, PATH_WITH_DENO, startProgram } from "../support/programs/program.ts";
import { editMessages, publish } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";

const kafka = await testKafka();
const postgres = await testPostgres();
const KAFKA_HOME = (await Deno.realPath(await kafkaLibs())).replace(/\/libs$/, "");
const jar = await fetchedRegistry();
const rights = new Map((await programs()).map((one) => [one.script, one.rights]));

/** One way to run a program. */
interface Run {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** It is stopped, in order, when it has said this. Default: it ends by itself. */
  readonly until?: string;
  /** What it ends with: 1 where only its start is looked at. Default 0. */
  readonly code?: number;
}

/** The ways to run a program in which it makes use of all of its rights. */
interface Use {
  readonly script: string;
  /** Another place of the script. */
  readonly path?: string;
  readonly runs: readonly Run[];
  /** The addresses that it meets here, in place of the usual ones. */
  readonly net?: readonly string[];
  /** Whether it cannot be run here. */
  readonly ignore?: boolean;
  /** Rights that are looked at with another program, which does the same by the same code. */
  readonly except?: readonly string[];
}

/** Runs the program with the rights of its task, and then without each single one of them. */
async function checkRights(use: Use, cwd: string): Promise<void> {
  const { script, runs, net, except = [] } = use;
  const all = rights.get(script)!.map((flag) =>
    net !== undefined && flag.startsWith("--allow-net=") ? `--allow-net=${net}` : flag
  );
  for (const run of runs) {
    const { code, stderr } = await ended(use, run, all, cwd);
    assertEquals([code, lacksRight(stderr)], [run.code ?? 0, false], stderr);
  }
  const needless = all.flatMap((flag) => {
    const [kind, values = ""] = flag.split("=");
    return values.split(",").filter((value) => !except.includes(value)).map(async (value) => {
      const others = values.split(",").filter((other) => other !== value);
      const less = others.length === 0 ? [] : [`${kind}=${others}`];
      const permissions = all.flatMap((one) => one === flag ? less : [one]);
      return await fails(use, permissions, cwd) ? [] : [`${kind}=${value}`];
    });
  });
  assertEquals((await Promise.all(needless)).flat(), [], `${script} does not need these`);
}

async function fails(use: Use, permissions: readonly string[], cwd: string): Promise<boolean> {
  for (const run of use.runs) {
    const { code, stderr } = await ended(use, run, permissions, cwd);
    assert(!stderr.includes("defect"), stderr);
    if (code !== (run.code ?? 0) || lacksRight(stderr)) return true;
  }
  return false;
}

function lacksRight(stderr: string): boolean {
  return stderr.includes("This program was not given a right");
}

async function ended(
  { script, path = script }: Use,
  { args = [], env = {}, until }: Run,
  permissions: readonly string[],
  cwd: string,
): Promise<Ended> {
  await using program = startProgram(path, args, { permissions, env, cwd, limit: 60_000 });
  if (until !== undefined) {
    const said = Promise.any([program.untilOutput(until), program.untilLog(until)]);
    await said.then(() => program.process.kill("SIGTERM"), () => {});
  }
  return await program.ended;
}

Deno.test("each program works with the rights of its task, and with none of them left out", async (t) => {
  await using stack = new AsyncDisposableStack();
  const upstream = serveEvents({ log: syntheticLog({ rate: 1000 }) });
  stack.defer(() => upstream.stop());
  const folder = await Deno.makeTempDir({ prefix: "wikitap-rights-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const database = stack.use(await postgres.database());
  const topic = await makeTopic(kafka, { partitions: 1 });
  await publish(kafka, topic, editMessages(0, 10));

  const topicArgs = ["--topic", topic];
  const here = "127.0.0.1:0"; // what is listened on
  const stream = new URL(upstream.url).host;
  const KAFKA = { KAFKA_BROKERS: kafka, SCHEMA_REGISTRY_URL: "http://127.0.0.1:1/" };
  /** This Kafka takes no password: what is looked at is only whether the program reads it. */
  const locked: Run = {
    args: [...topicArgs, "--sasl", "plain", "--sasl-username", "me"],
    env: { ...KAFKA, KAFKA_SASL_PASSWORD: "secret" },
    code: 1,
  };
  const inPostgres = ["--database", database.address];
  const PGPASSWORD = postgres.password;
  const meta = { topic: "eqiad.x", partition: 0, offset: 1, dt: "2026-11-24T12:00:00Z" };
  await Deno.writeTextFile(`${folder}/recording.jsonl`, JSON.stringify({ meta }));
  const sources = [
    "deno.json",
    "deno.lock",
    "main.ts",
    "README.md",
    "docs",
    "lib",
    "scripts",
    "vendor",
  ];
  if (jar !== undefined) {
    await Deno.mkdir(`${folder}/.local`);
    const fetched = jar.slice(0, jar.lastIndexOf("/"));
    await Deno.symlink(fetched, `${folder}/.local/${fetched.slice(fetched.lastIndexOf("/") + 1)}`);
  }
  assertEquals((await shell('cp -R "$@"', ...sources, "tests", folder)).code, 0);

  const uses: Use[] = [
    {
      script: "main.ts",
      net: [kafka, stream, here],
      except: ["TERM"], // which is asked for on a terminal only
      runs: [
        {
          args: [...topicArgs, "--events-to-produce", "5", "--metrics-port", "0"],
          env: { ...KAFKA, EVENTSTREAMS_URL: upstream.url },
        },
        locked,
        {
          args: [...topicArgs, "--format", "avro"],
          env: { ...KAFKA, SCHEMA_REGISTRY_AUTH: "nobody" },
          code: 2,
        },
      ],
    },
    {
      script: "scripts/create_topic.ts",
      net: [kafka],
      runs: [{ args: topicArgs, env: KAFKA }, locked],
    },
    {
      script: "scripts/consume.ts",
      net: [kafka],
      runs: [
        { args: [...topicArgs, "--from-beginning", "--max-messages", "1"], env: KAFKA },
        locked,
      ],
    },
    {
      script: "scripts/dashboard.ts",
      net: [kafka, here],
      runs: [
        { args: [...topicArgs, "--port", "0"], env: KAFKA, until: "Ctrl-C ends it" },
        { ...locked, args: [...locked.args!, "--port", "0"] },
      ],
    },
    {
      script: "scripts/store.ts",
      net: [kafka, here, `127.0.0.1:${postgres.port}`],
      except: ["TERM"], // as in main.ts
      runs: [
        { args: [...topicArgs, "--metrics-port", "0"], env: KAFKA, until: "Storing part" },
        {
          args: [...topicArgs, ...inPostgres],
          env: { ...KAFKA, PGPASSWORD },
          until: "Storing part",
        },
        locked,
      ],
    },
    {
      script: "scripts/report.ts",
      net: [`127.0.0.1:${postgres.port}`],
      runs: [{}, { args: inPostgres, env: { PGPASSWORD } }],
    },
    {
      script: "scripts/kafka.ts",
      runs: [{ args: ["start", "--port", "0"], env: { KAFKA_HOME }, until: "Ctrl-C stops it" }],
    },
    {
      script: "scripts/registry.ts",
      ignore: jar === undefined,
      runs: [{ args: ["start", "--port", "0"], until: "Ctrl-C stops it" }],
    },
    {
      script: "scripts/replay.ts",
      runs: [{ args: ["--port", "0", "--file", "recording.jsonl"], until: "Ctrl-C" }],
    },
    {
      script: "scripts/demo.ts",
      net: ["127.0.0.1"],
      except: ["TERM", "KAFKA_HOME", "JAVA_HOME", ".local"], // as in main.ts, and in kafka.ts
      runs: [
        {
          env: { ...KAFKA, EVENTSTREAMS_URL: upstream.url },
          until: "The same as a live page",
        },
        { ...locked, args: locked.args!.slice(2) },
      ],
    },
    {
      script: "scripts/dev/chaos.ts",
      except: ["KAFKAJS_*"], // as in main.ts; here it would take a Kafka to see it
      runs: [{
        args: "--nodes 1 --events 1000 --producer-kills 0 --broker-kills 0 --stream-faults 0"
          .split(" "),
        env: { KAFKA_HOME },
      }],
    },
    {
      script: "scripts/dev/compile.ts",
      runs: [{ env: { PATH: PATH_WITH_DENO, DENORT_BIN: "/nowhere" }, code: 1 }],
    },
    { script: "scripts/dev/schema.ts", runs: [{}] },
    {
      script: "scripts/dev/licences.ts",
      path: `${folder}/scripts/licences.ts`,
      runs: [{ env: { PATH: PATH_WITH_DENO } }],
    },
    { script: "scripts/dev/options.ts", path: `${folder}/scripts/options.ts`, runs: [{}] },
  ];
  assertEquals(uses.map(({ script }) => script).toSorted(), [...rights.keys()].toSorted());
  for (const use of uses) {
    const { script: name, ignore = false } = use;
    await t.step({ name, ignore, fn: () => checkRights(use, folder) });
  }
});
