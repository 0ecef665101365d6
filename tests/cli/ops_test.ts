import { assertEquals, assertStringIncludes } from "@std/assert";
import { freePort } from "../../lib/local/process/ports.ts";
import { shell } from "../../lib/local/process/shell.ts";
import { needing } from "../support/tools/skip.ts";

/** The user in the container. If root runs the tests, the program runs as this user. */
const UNPRIVILEGED = ["setpriv", "--reuid=65532", "--regid=65532", "--clear-groups"];

Deno.test("the container file's steps build a producer that runs", async (t) => {
  await using image = await makeImage();
  for (const [instruction, words] of image.steps) {
    if (instruction === "COPY" && !words.startsWith("--from")) await image.copy(words.split(" "));
    if (instruction === "RUN") await image.run(words.split(" "));
  }
  const of = (wanted: string) => image.steps.find(([instruction]) => instruction === wanted)![1];
  const entry = JSON.parse(of("ENTRYPOINT")) as string[];
  await t.step("the image has no packages of the tests", async () => {
    const { stdout } = await image.run(["find", ".deno/npm", "-maxdepth", "2"]);
    assertEquals(
      ["kafkajs", "puppeteer-core"].map((name) => stdout.includes(name)),
      [true, false],
    );
  });
  await t.step("the image runs as a user who may write nothing", async () => {
    const version = await image.runAsNobody([...entry, "--version"]);
    assertEquals(version.stdout.split(" ")[0], "wikitap");
    const anyPort = entry.map((word) => word === "9464" ? "0" : word);
    const started = await image.runAsNobody([...anyPort, "--bootstrap-server", "localhost:1"], 1);
    assertStringIncludes(started.stderr, "no broker answers at localhost:1");
    // On 127.0.0.1 the port could not be reached from outside of the container.
    assertStringIncludes(started.stderr, "Serving metrics at http://0.0.0.0:");
  });
  await t.step("the image's health check requests the producer's health", async () => {
    const port = freePort();
    const check = JSON.parse(
      of("HEALTHCHECK").replace(/^.* CMD /, "").replace("9464", String(port)),
    );
    await image.runAsNobody(check, 1);
    for (const [status, code] of [[200, 0], [503, 1]] as const) {
      const answer = () => new Response("", { status });
      await using _server = Deno.serve(
        { port, hostname: "0.0.0.0", onListen: () => {} },
        ({ url }) => url.endsWith("/health/live") ? answer() : new Response("", { status: 404 }),
      );
      await image.runAsNobody(check, code);
    }
  });
});

/** Returns a folder in which the steps of ops/Containerfile were run. */
async function makeImage() {
  const file = await Deno.readTextFile("ops/Containerfile");
  const steps = file.replaceAll(/^#.*\n/gm, "").replaceAll(/\\\n\s*/g, "").split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(/ (.*)/s) as [instruction: string, words: string]);
  const folder = await Deno.makeTempDir({ prefix: "wikitap-container-" });
  await Deno.chmod(folder, 0o755);
  // A folder whose programs any user may run.
  await Deno.mkdir(`${folder}/.bin`);
  await Deno.copyFile(Deno.execPath(), `${folder}/.bin/deno`);
  const run = async (command: readonly string[], code = 0, cwd = folder) => {
    const [program, ...args] = command;
    const env = { PATH: `${folder}/.bin:${Deno.env.get("PATH")}`, NO_COLOR: "1" };
    const ended = await new Deno.Command(program!, {
      args,
      cwd,
      env: { ...env, DENO_DIR: `${folder}/.deno` },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    const [stdout, stderr] = [decoder.decode(ended.stdout), decoder.decode(ended.stderr)];
    assertEquals(ended.code, code, stderr);
    return { stdout, stderr };
  };
  return {
    steps,
    run,
    runAsNobody: (command: readonly string[], code?: number) =>
      run([...Deno.uid() === 0 ? UNPRIVILEGED : [], ...command], code),
    async copy(words: readonly string[]) {
      const [to, ...from] = words.toReversed();
      await Deno.mkdir(`${folder}/${to}`, { recursive: true });
      // As COPY does: if the source is one folder, copies its contents.
      const sources = from.length === 1 ? [`${from[0]}/.`] : from;
      await run(["cp", "-r", ...sources, `${folder}/${to}`], 0, Deno.cwd());
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

const hasSystemd = (await shell("command -v systemd-analyze")).code === 0;

Deno.test(needing(hasSystemd ? undefined : "no systemd-analyze: apt-get install systemd", {
  name: "the systemd unit is valid",
  async fn() {
    const { output } = await shell("systemd-analyze verify ops/wikitap.service");
    // The binary is not installed here.
    const lines = output.split("\n")
      .filter((line) => line !== "" && !line.includes("/usr/local/bin/wikitap is not executable"));
    assertEquals(lines, []);
  },
}));
