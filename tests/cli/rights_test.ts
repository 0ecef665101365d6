import { assert, assertEquals } from "@std/assert";
import { kafkaLibs } from "../../lib/local/kafka/distribution.ts";
import { serveEvents } from "../../lib/replay/service/server.ts";
import { fetchedRegistry } from "../../lib/local/registry/distribution.ts";
import { PROXY_VARIABLES } from "../../lib/upstream/connection/proxy.ts";
import { shell } from "../../lib/local/process/shell.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { programs } from "../../scripts/dev/options.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { noRegistry } from "../support/kafka/registry.ts";
import { needing } from "../support/tools/skip.ts";
import { testPostgres } from "../support/databases/postgres.ts";
import { type Ended, PATH_WITH_DENO, startProgram } from "../support/programs/program.ts";
import { editMessages, publish } from "../support/kafka/records.ts";
import { makeTopic } from "../support/kafka/topic.ts";

const kafka = await testKafka();
const postgres = await testPostgres();
const KAFKA_HOME = (await Deno.realPath(await kafkaLibs())).replace(/\/libs$/, "");
const jar = await fetchedRegistry();
const rights = new Map((await programs()).map((one) => [one.script, one.rights]));

/**
 * Permissions that are not tested: no test service listens on IPv6, none is Wikimedia, and the
 * variables of proxies are only read for messages, if that is permitted.
 */
const NOT_HERE = ["[::1]", "stream.wikimedia.org:443", ...PROXY_VARIABLES];

/** One way to run a program. */
interface Run {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Text after which it gets SIGTERM. Default: it ends by itself. */
  readonly until?: string;
  /** The exit code; 1 if only the start is tested. Default 0. */
  readonly code?: number;
}

/** Ways to run a program that together use all of its permissions. */
interface Use {
  readonly script: string;
  /** The path of the script, if it runs in a copy of the project. */
  readonly path?: string;
  readonly runs: readonly Run[];
  /** Set if this machine lacks what it needs; see `needing()`. */
  readonly missing?: string | undefined;
  /** Permissions that are not tested here; another program uses them by the same code. */
  readonly except?: readonly string[];
}

/** Runs the program with the permissions of its task, then without each of them. */
async function checkRights(use: Use, cwd: string): Promise<void> {
  const { script, runs } = use;
  const except = [...use.except ?? [], ...NOT_HERE];
  const all = rights.get(script)!;
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
  return stderr.includes("without a Deno permission");
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

Deno.test("each program works with its permissions, and not with fewer", async (t) => {
  await using stack = new AsyncDisposableStack();
  const upstream = serveEvents({ log: syntheticLog({ rate: 100 }) });
  stack.defer(() => upstream.stop());
  const folder = await Deno.makeTempDir({ prefix: "wikitap-rights-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const database = stack.use(await postgres.database());
  const topic = await makeTopic(kafka, { partitions: 1 });
  await publish(kafka, topic, editMessages(0, 10));

  const topicArgs = ["--topic", topic];
  // The broker is found as localhost, and advertises itself as 127.0.0.1.
  const KAFKA = {
    KAFKA_BROKERS: kafka.replace("127.0.0.1", "localhost"),
    SCHEMA_REGISTRY_URL: "http://127.0.0.1:1/",
  };
  /** This Kafka needs no password: the run only shows that the program reads it. */
  const locked: Run = {
    args: [...topicArgs, "--sasl", "plain", "--sasl-username", "me"],
    env: { ...KAFKA, KAFKA_SASL_PASSWORD: "secret" },
    code: 1,
  };
  const inPostgres = ["--database", database.address];
  const atLocalhost = ["--database", database.address.replace("127.0.0.1", "localhost")];
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
      except: ["TERM"], // used on a terminal only
      runs: [
        {
          args: [...topicArgs, "--events-to-produce", "5", "--metrics-port", "0"],
          env: { ...KAFKA, EVENTSTREAMS_URL: upstream.url },
        },
        locked,
        {
          args: [...topicArgs, "--format", "avro"],
          env: { ...KAFKA, SCHEMA_REGISTRY_AUTH: "no-colon" },
          code: 2,
        },
      ],
    },
    {
      script: "scripts/create_topic.ts",
      runs: [{ args: topicArgs, env: KAFKA }, locked],
    },
    {
      script: "scripts/consume.ts",
      runs: [
        { args: [...topicArgs, "--from-beginning", "--max-messages", "1"], env: KAFKA },
        locked,
      ],
    },
    {
      script: "scripts/topics.ts",
      runs: [
        { args: ["list"], env: KAFKA },
        { ...locked, args: ["list", ...locked.args!.slice(2)] },
      ],
    },
    {
      script: "scripts/inspect.ts",
      runs: [{ env: KAFKA }, { ...locked, args: locked.args!.slice(2) }],
    },
    {
      script: "scripts/verify.ts",
      except: ["TERM"], // as in main.ts
      runs: [
        {
          args: [
            ...topicArgs,
            ..."--ignore-position --since 90s --until 60s --wiki nosuchwiki".split(" "),
          ],
          env: { ...KAFKA, EVENTSTREAMS_URL: upstream.url },
        },
        locked,
        {
          args: [...topicArgs, "--ignore-position", "--format", "avro"],
          env: { ...KAFKA, SCHEMA_REGISTRY_AUTH: "no-colon" },
          code: 2,
        },
      ],
    },
    {
      script: "scripts/dashboard.ts",
      runs: [
        { args: [...topicArgs, "--port", "0"], env: KAFKA, until: "press Ctrl-C to stop" },
        { ...locked, args: [...locked.args!, "--port", "0"] },
      ],
    },
    {
      script: "scripts/store.ts",
      except: ["TERM"], // as in main.ts
      runs: [
        { args: [...topicArgs, "--metrics-port", "0"], env: KAFKA, until: "Storing part" },
        {
          args: [...topicArgs, "--database", "parquet:edits"],
          env: KAFKA,
          until: "Storing part",
        },
        {
          args: [...topicArgs, ...inPostgres],
          env: { ...KAFKA, PGPASSWORD },
          until: "Storing part",
        },
        {
          args: [...topicArgs, "--database", "opensearch:http://127.0.0.1:1/edits"],
          env: { ...KAFKA, OPENSEARCH_AUTH: "me:secret" },
          code: 1,
        },
        locked,
      ],
    },
    {
      script: "scripts/report.ts",
      runs: [
        {},
        { args: inPostgres, env: { PGPASSWORD } },
        { args: atLocalhost, env: { PGPASSWORD } },
      ],
    },
    {
      script: "scripts/kafka.ts",
      runs: [{
        args: ["start", "--port", "0"],
        env: { KAFKA_HOME },
        until: "press Ctrl-C to stop",
      }],
    },
    {
      script: "scripts/registry.ts",
      missing: await noRegistry(),
      runs: [{ args: ["start", "--port", "0"], until: "press Ctrl-C to stop" }],
    },
    {
      script: "scripts/replay.ts",
      runs: [{ args: ["--port", "0", "--file", "recording.jsonl"], until: "Ctrl-C" }],
    },
    {
      script: "scripts/demo.ts",
      except: ["TERM", "KAFKA_HOME", "JAVA_HOME", ".local"], // as in main.ts, and in kafka.ts
      runs: [
        {
          env: { ...KAFKA, EVENTSTREAMS_URL: upstream.url },
          until: "Live page",
        },
        { ...locked, args: locked.args!.slice(2) },
      ],
    },
    {
      script: "scripts/dev/chaos.ts",
      except: ["KAFKAJS_*"], // as in main.ts
      runs: [{
        args: [
          ..."--nodes 1 --events 1000 --stream-faults 0 --producer-kills 0 --broker-kills 0".split(
            " ",
          ),
          ...["--clock-steps", "0"],
        ],
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
      path: `${folder}/scripts/dev/licences.ts`,
      runs: [{ env: { PATH: PATH_WITH_DENO } }],
    },
    { script: "scripts/dev/options.ts", path: `${folder}/scripts/dev/options.ts`, runs: [{}] },
  ];
  assertEquals(uses.map(({ script }) => script).toSorted(), [...rights.keys()].toSorted());
  for (const use of uses) {
    const { script: name, missing } = use;
    await t.step(needing(missing, { name, fn: () => checkRights(use, folder) }));
  }
});
