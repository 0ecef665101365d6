import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseFrame, receive, USER_AGENT } from "../support/frames.ts";

const decoder = new TextDecoder();

function start(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "-P=replay", "scripts/replay.ts", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function run(...args: string[]) {
  const { code, stdout, stderr } = await start(...args).output();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Starts the program, uses its stream, and ends it with SIGTERM. */
async function serve(args: string[], use: (url: string) => Promise<void>) {
  const child = start("--port", "0", ...args);
  const errors = new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let output = "";
  const read = async () => {
    const { done, value } = await reader.read();
    output += value ?? "";
    return !done;
  };
  try {
    while (!output.includes("Ctrl-C") && await read());
    const [url] = /http:\S+/.exec(output) ?? [];
    assert(url !== undefined, await Promise.race([errors, output]));
    await use(url);
  } finally {
    child.kill("SIGTERM");
  }
  while (await read());
  return { code: (await child.status).code, output, errors: await errors };
}

const get = (url: string) => fetch(url, { headers: { "user-agent": USER_AGENT } });

Deno.test("replay serves synthetic events, says how to use them, and sums up at the end", async () => {
  const { code, output, errors } = await serve(
    ["--rate", "0", "--events", "100", "--canary-every", "50"],
    async (url) => {
      const { frames } = await receive(await get(url), 101);
      const events = frames.slice(1).map((frame) => JSON.parse(parseFrame(frame).data));
      assertEquals(events.length, 100);
      const age = Date.now() - Date.parse(events.at(-1).meta.dt);
      assert(age > -1000 && age < 60_000, `${age}`);
    },
  );
  assertEquals([code, errors], [0, ""]);
  assertStringIncludes(output, "Serving synthetic events (seed 0), 100 in all");
  assertStringIncludes(output, "deno task start --stream-url http://127.0.0.1:");
  assertStringIncludes(output, "1 connection, 102 events sent, 0 cuts, 0 stalls, 0 errors");
});

Deno.test("replay plays a recording", async () => {
  const file = await Deno.makeTempFile();
  const meta = { dt: "2026-01-01T00:00:00Z", topic: "eqiad.mediawiki.recentchange" };
  const lines = [1, 2].map((offset) => JSON.stringify({ meta: { ...meta, partition: 0, offset } }));
  await Deno.writeTextFile(file, lines.join("\n"));
  try {
    await serve(["--file", file, "--rate", "1000"], async (url) => {
      const { frames } = await receive(await get(url), 3);
      assertEquals(frames.slice(1).map((frame) => parseFrame(frame).data), lines);
    });
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("replay with --cut-every and --status-every is an upstream on a bad day", async () => {
  const faults = ["--cut-every", "5", "--status-every", "500", "--garbage-every", "3"];
  const { output } = await serve(["--rate", "0", ...faults], async (url) => {
    const { frames, ending } = await receive(await get(url), 10_000);
    assertEquals(ending, "torn");
    assertEquals(frames[0], ":ok");
    const refused = await get(url);
    assertEquals(refused.status, 500);
    await refused.body?.cancel();
  });
  assertStringIncludes(output, "1 cut, 0 stalls, 0 errors, refused: 1 x 500");
});

Deno.test("replay says what is wrong with a file, and with flags that do not go together", async () => {
  assertEquals((await run("--file", "/nowhere")).code, 1);
  const empty = await run("--file", "deno.json");
  assertEquals(empty.code, 1);
  assertStringIncludes(empty.stderr, "error: Cannot use recording 'deno.json': it holds no events");
  const both = await run("--file", "x", "--canary-every", "5");
  assertEquals(both.code, 2);
  assertStringIncludes(both.stderr, "error: --canary-every does not go with --file");
  assertEquals((await run("--status-every", "200")).code, 2);
});

Deno.test("replay says so when its port is taken", async () => {
  await serve([], async (url) => {
    const { code, stderr } = await run("--port", new URL(url).port);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "something else does");
  });
});
