/**
 * Runs all tests, on Kafka clusters of one and of three nodes and an OpenSearch that it starts. Its
 * last lines are the tests that were skipped, and why, and then `N passed, N failed`.
 *
 *     deno task test
 */
import { flag, option, type OptionGroup } from "../../lib/cli/option.ts";
import { errorText, program, runMain } from "../../lib/cli/program.ts";
import { ExitCode } from "../../lib/shared/error.ts";
import { startKafka } from "../../lib/local/kafka/start.ts";
import { watchLaunchers } from "../../lib/local/process/launchers.ts";
import { startRegistry } from "../../lib/local/registry/registry.ts";
import { fetchedRegistry, registryJar } from "../../lib/local/registry/distribution.ts";
import { writeError, writeOutput } from "../../lib/terminal/output.ts";
import { count } from "../../tests/support/tools/junit.ts";
import { useClassArchive } from "../../tests/support/kafka/class_archive.ts";
import { TEST_KAFKA } from "../../tests/support/kafka/kafka.ts";
import { preparePython } from "../../tests/support/tools/python.ts";
import { ownOpenSearch, TEST_OPENSEARCH } from "../../tests/support/databases/opensearch.ts";
import { TEST_REGISTRY } from "../../tests/support/kafka/registry.ts";

const testOptions = {
  title: "Which tests",
  options: {
    filter: option({
      placeholder: "TEXT",
      help: "Only tests whose name contains this text or matches this /pattern/.",
      parse: String,
    }),
    registry: flag(
      "Download what the Avro tests need: a schema registry (140 MB) and a reader in Python. " +
        "Without them those tests are skipped.",
    ),
    engines: flag(
      "Only the tests of examples/: Kafka Streams, Flink, Spark, DuckDB, polars and kcat, which " +
        "they download (1 GB).",
    ),
  },
} satisfies OptionGroup;

/** The quick gate checks the types. */
const AT_ONCE = ["--parallel", "--no-check"];
const UNIT = "tests/unit";
/** The longest come first, so that at the end none of them runs alone. */
const OTHERS = [
  "tests/cli/readme_test.ts",
  "tests/chaos",
  "tests/page/tutorial_test.ts",
  "tests/cli/rights_test.ts",
  "tests/cli/security_test.ts",
  ...["tests/integration", "tests/cli", "tests/page", "tests/issues"],
];
/** Not part of the normal tests. */
const ENGINES = "tests/engines";

export const main = program({
  usage: "deno task test [FILE or FOLDER]…",
  summary:
    "Runs all tests, on a Kafka that it starts; or some, each file of which then starts what it " +
    "needs.",
  examples: [
    ["deno task test", "Everything"],
    ["deno task test tests/cli", "The tests of a folder"],
    ["deno task test --filter 'kafka start'", "Tests with this text in their names"],
    ["deno task test --engines", "The examples"],
  ],
  groups: [testOptions],
  operands: 100,
  async run({ filter, registry, engines, operands: files }, stop) {
    const operands = engines && files.length === 0 ? [ENGINES] : files;
    await using launchers = await watchLaunchers();
    const signal = AbortSignal.any([stop, launchers.signal]);
    const folder = await Deno.makeTempDir({ prefix: "wikitap-test-" });
    const run = new TestRun(folder, signal);
    try {
      if (registry) {
        await registryJar(signal);
        await preparePython();
      }
      if (operands.length > 0 || filter !== undefined) {
        const paths = operands.length > 0 ? operands : [UNIT, ...OTHERS];
        await run.tests(paths, filter === undefined ? [] : [`--filter=${filter}`]);
      } else await everything(run, folder, signal);
    } catch (error) {
      if (!signal.aborted) {
        run.failed++;
        writeError(errorText(error, true));
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
    for (const name of run.skipped) writeOutput(`not run: ${name}\n`);
    writeOutput(`${run.passed} passed, ${run.failed} failed\n`);
    return run.failed === 0 && !signal.aborted ? ExitCode.done : ExitCode.failure;
  },
});

/** Runs the unit tests while the services start, then the others. */
async function everything(run: TestRun, folder: string, signal: AbortSignal): Promise<void> {
  await using services = new AsyncDisposableStack();
  const archive = useClassArchive(folder, signal);
  const kafka = async (nodes: 1 | 3) => {
    await archive;
    return startKafka({ directory: `${folder}/kafka-${nodes}`, nodes, port: 0, heap: 256, signal });
  };
  const openSearch = async () => {
    await archive;
    return ownOpenSearch(`${folder}/opensearch`, signal);
  };
  const starting = Promise.allSettled([kafka(1), kafka(3), openSearch()] as const);
  services.defer(async () => {
    for (const started of await starting) {
      if (started.status === "fulfilled") await started.value.stop();
    }
  });
  await run.tests([UNIT], AT_ONCE);
  const [one, three, search] = await starting;
  const directory = `${folder}/registry`;
  const registry = await fetchedRegistry() === undefined
    ? undefined
    : services.use(await startRegistry({ directory, port: 0, signal }));
  const env = {
    [TEST_KAFKA[1]]: valueOf(one).bootstrapServers,
    [TEST_KAFKA[3]]: valueOf(three).bootstrapServers,
    [TEST_OPENSEARCH]: valueOf(search).url,
    ...registry === undefined ? {} : { [TEST_REGISTRY]: registry.url },
  };
  // Most of these tests wait most of the time.
  await run.tests(OTHERS, AT_ONCE, { ...env, DENO_JOBS: "4" });
}

function valueOf<T>(started: PromiseSettledResult<T>): T {
  if (started.status === "rejected") throw started.reason;
  return started.value;
}

/** Runs `deno test` several times and adds up the results. */
class TestRun {
  passed = 0;
  failed = 0;
  readonly skipped: string[] = [];
  readonly #folder: string;
  readonly #signal: AbortSignal;

  constructor(folder: string, signal: AbortSignal) {
    this.#folder = folder;
    this.#signal = signal;
  }

  async tests(
    paths: readonly string[],
    flags: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    if (this.#signal.aborted) return;
    const report = `${this.#folder}/report.xml`;
    await Deno.writeTextFile(report, "");
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "-A",
        "--frozen",
        "--lock=tests/deno.lock",
        `--junit-path=${report}`,
        ...flags,
        ...paths,
      ],
      env,
      signal: this.#signal,
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn().status;
    const { passed, failed, skipped } = count(await Deno.readTextFile(report), code);
    this.passed += passed;
    this.failed += failed;
    this.skipped.push(...skipped);
  }
}

if (import.meta.main) await runMain(main);
