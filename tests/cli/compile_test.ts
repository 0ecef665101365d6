import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runProgram } from "../support/program.ts";

const PERMISSIONS = ["--allow-run=deno", "--allow-read"];
const PATH = `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}`;

Deno.test("compile makes a binary that runs, or says that the runtime cannot be had", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { code, stdout, stderr } = await runProgram(
      "scripts/compile.ts",
      ["--output-dir", folder],
      { permissions: PERMISSIONS, env: { PATH }, limit: 180_000 },
    );
    if (code !== 0) {
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, "error: Cannot download Deno's runtime");
      assertStringIncludes(stderr, "DENORT_BIN=");
      assert(!stderr.includes("Stack backtrace"));
      return;
    }
    const binary = stdout.trim();
    const version = await new Deno.Command(binary, { args: ["--version"] }).output();
    assertEquals(new TextDecoder().decode(version.stdout).split(" ")[0], "wikitap");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("compile embeds everything that the producer imports", async () => {
  const folder = await Deno.makeTempDir();
  try {
    // Deno itself in the runtime's place: what comes out cannot run the program, but holds it.
    const { code, stdout, stderr } = await runProgram(
      "scripts/compile.ts",
      ["--output-dir", folder],
      { permissions: PERMISSIONS, env: { PATH, DENORT_BIN: Deno.execPath() }, limit: 180_000 },
    );
    assertEquals(code, 0, stderr);
    const [binary, runtime] = [await Deno.stat(stdout.trim()), await Deno.stat(Deno.execPath())];
    assert(binary.size > runtime.size + 1_000_000, `${binary.size} bytes`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("compile refuses a target that Deno does not know", async () => {
  const { code, stderr } = await runProgram("scripts/compile.ts", ["--target", "amiga"], {
    permissions: PERMISSIONS,
  });
  assertEquals(code, 2);
  assertStringIncludes(stderr, "expected one of all, x86_64-unknown-linux-gnu");
});
