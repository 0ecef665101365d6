import { assert, assertEquals } from "@std/assert";

const PATH = `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}`;

async function run(program: string, args: readonly string[], cwd: string) {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    ...{ cwd, env: { PATH, DENO_DIR: `${cwd}/.deno`, NO_COLOR: "1" }, stdin: "null" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("the container file's steps build a producer that runs, in an empty folder", async () => {
  const file = await Deno.readTextFile("ops/Containerfile");
  const instructions = file.replaceAll(/\\\n\s*/g, "").split("\n")
    .filter((line) => /^[A-Z]/.test(line))
    .map((line) => line.split(/ (.*)/s) as [string, string]);
  const folder = await Deno.makeTempDir({ prefix: "wikitap-container-" });
  try {
    for (const [instruction, words] of instructions) {
      if (instruction === "COPY" && !words.startsWith("--from")) {
        const [to, ...from] = words.split(" ").reverse();
        const source = from.length === 1 ? `${from[0]}/.` : from;
        await Deno.mkdir(`${folder}/${to}`, { recursive: true });
        const copied = await run("cp", ["-r", ...[source].flat(), `${folder}/${to}`], Deno.cwd());
        assertEquals(copied.code, 0, copied.stderr);
      } else if (instruction === "RUN") {
        const [program, ...args] = words.split(" ");
        const built = await run(program!, args, folder);
        assertEquals(built.code, 0, built.stderr);
      }
    }
    const entry = instructions.find(([instruction]) => instruction === "ENTRYPOINT");
    const [program, ...args] = JSON.parse(entry![1]) as string[];
    const version = await run(program!, [...args, "--version"], folder);
    assertEquals([version.code, version.stdout.split(" ")[0]], [0, "wikitap"], version.stderr);
    const started = await run(program!, [...args, "--bootstrap-server", "localhost:1"], folder);
    assert(started.stderr.includes("no broker answers at localhost:1"), started.stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the systemd unit is one, but for the binary that it starts", async (t) => {
  const check = new Deno.Command("systemd-analyze", {
    args: ["verify", "ops/wikitap.service"],
    ...{ stdout: "null", stderr: "piped" },
  });
  let stderr: Uint8Array;
  try {
    ({ stderr } = await check.output());
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await t.step({ name: "there is no systemd-analyze here", ignore: true, fn: () => {} });
    return;
  }
  const said = new TextDecoder().decode(stderr).trim().split("\n")
    .filter((line) => line !== "" && !line.includes("/usr/local/bin/wikitap is not executable"));
  assertEquals(said, []);
});
