import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PATH_WITH_DENO, runProgram } from "../support/programs/program.ts";

const SCRIPT = "scripts/dev/compile.ts";
/** Maximum size of a binary beyond the runtime, in bytes; the packages of the tests have 118 MB. */
const MOST = 20_000_000;

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const compile = (args: readonly string[], env: Record<string, string> = {}) =>
  runProgram(SCRIPT, args, {
    permissions: ["-P=compile"],
    env: { PATH: PATH_WITH_DENO, ...env },
    limit: 180_000,
  });

Deno.test("compile makes a binary that runs, or reports the missing runtime", () =>
  withFolder(async (folder) => {
    const { code, stdout, stderr } = await compile(["--output-dir", folder]);
    if (code !== 0) {
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, "error: Cannot compile 'main.ts' for this machine: the runtime");
      assertStringIncludes(stderr, "DENORT_BIN=");
      assert(!stderr.includes("Stack backtrace"));
      return;
    }
    const run = new Deno.Command(stdout.trim(), {
      args: ["--bootstrap-server", "127.0.0.1:1"],
      cwd: folder,
      stdin: "null",
    });
    const started = await run.output();
    assertEquals(started.code, 1);
    assertStringIncludes(new TextDecoder().decode(started.stderr), "no broker answers");
  }));

Deno.test("compile embeds the programs' packages and permissions, not the tests'", () =>
  withFolder(async (folder) => {
    // Deno itself in place of the runtime: the binary cannot run the program, but contains it.
    const { code, stdout, stderr } = await compile(["--output-dir", folder, "--companions"], {
      DENORT_BIN: Deno.execPath(),
    });
    assertEquals(code, 0, stderr);
    const tasks = ["create-topic", "consume", "dashboard", "store", "report"];
    const names = ["wikitap", ...tasks.map((task) => `wikitap-${task}`)];
    assertEquals(stdout, names.map((name) => `${folder}/${name}\n`).join(""));
    const runtime = await Deno.stat(Deno.execPath());
    for (const name of names) {
      const { size } = await Deno.stat(`${folder}/${name}`);
      assert(size > runtime.size + 1_000_000, `${name} has ${size} bytes`);
      assert(size < runtime.size + MOST, `${name} has ${size} bytes`);
    }
    const anything: string[] = [];
    const producer = await bakedIn(`${folder}/wikitap`);
    assertEquals([producer.allow_net, producer.allow_read], [anything, anything]);
    assertEquals([producer.allow_write, producer.allow_run, producer.prompt], [null, null, false]);
    assert(producer.allow_env.includes("WIKITAP_CONTACT"));
    const store = await bakedIn(`${folder}/wikitap-store`);
    assertEquals([store.allow_write, store.allow_run], [anything, null]);
    assert(store.allow_env.includes("PGPASSWORD"));
  }));

Deno.test("compile rejects a target that Deno does not know", async () => {
  const { code, stderr } = await compile(["--target", "amiga"]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "expected one of all, x86_64-unknown-linux-gnu");
});

/** The permissions in a binary, in Deno's form: null is none, and an empty list is all. */
async function bakedIn(binary: string) {
  const bytes = await Deno.readFile(binary);
  const text = new TextDecoder("latin1").decode(bytes.subarray(bytes.length - 20_000_000));
  const [, json] = /"permissions":(\{[^{}]*\})/.exec(text) ?? [];
  assert(json !== undefined, `${binary} has no rights in it`);
  return JSON.parse(json);
}
