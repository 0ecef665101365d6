import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseFrame, receive, USER_AGENT } from "../support/stream/frames.ts";
import { createAuthority } from "../support/tools/certificates.ts";
import { testFolder } from "../support/tools/folder.ts";
import { type Ended, runProgram, startProgram } from "../support/programs/program.ts";

const REPLAY = "scripts/replay.ts";
const permissions = ["-P=replay"];

const run = (...args: string[]) => runProgram(REPLAY, args, { permissions });

/** Starts the program, uses its stream, and ends it with SIGTERM. */
async function serve(args: string[], use: (url: string) => Promise<void>): Promise<Ended> {
  await using program = startProgram(REPLAY, ["--port", "0", ...args], { permissions });
  const [url] = /https?:\S+/.exec(await program.untilOutput("Ctrl-C"))!;
  await use(url);
  program.kill("SIGTERM");
  return await program.ended;
}

const get = (url: string) => fetch(url, { headers: { "user-agent": USER_AGENT } });

Deno.test("replay serves synthetic events, and prints a command and a summary", async () => {
  const { code, stdout, stderr } = await serve(
    ["--rate", "0", "--events", "100", "--canary-every", "50"],
    async (url) => {
      const { frames } = await receive(await get(url), 101);
      const events = frames.slice(1).map((frame) => JSON.parse(parseFrame(frame).data));
      assertEquals(events.length, 100);
      // One event in 400 has a timestamp that is years old, perhaps even the last one.
      const newest = Math.max(...events.map(({ meta }) => Date.parse(meta.dt)));
      const age = Date.now() - newest;
      assert(age > -1000 && age < 60_000, `${age}`);
    },
  );
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "Serving synthetic events (seed 0), 100 in all");
  assertStringIncludes(stdout, "deno task start --stream-url http://127.0.0.1:");
  assertStringIncludes(stdout, "1 connection, 102 events sent, 0 cuts, 0 stalls, 0 errors");
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

Deno.test("replay injects --cut-every and --status-every", async () => {
  const faults = ["--cut-every", "5", "--status-every", "500", "--garbage-every", "3"];
  const { stdout } = await serve(["--rate", "0", ...faults], async (url) => {
    const { frames, ending } = await receive(await get(url), 10_000);
    assertEquals(ending, "torn");
    assertEquals(frames[0], ":ok");
    const refused = await get(url);
    assertEquals(refused.status, 500);
    await refused.body?.cancel();
  });
  assertStringIncludes(stdout, "1 cut, 0 stalls, 0 errors, rejected: 1 x 500");
});

Deno.test("replay reports invalid files and contradictory flags", async () => {
  assertEquals((await run("--file", "/nowhere")).code, 1);
  const empty = await run("--file", "deno.json");
  assertEquals(empty.code, 1);
  assertStringIncludes(empty.stderr, "error: Cannot use recording 'deno.json': it has no events");
  const both = await run("--file", "x", "--canary-every", "5");
  assertEquals(both.code, 2);
  assertStringIncludes(both.stderr, "error: Cannot combine --canary-every and --file");
  assertEquals((await run("--status-every", "200")).code, 2);
});

Deno.test("replay prints the --since that reads a log in the past", async () => {
  const commandOf = async (...args: string[]) => {
    await using program = startProgram(REPLAY, ["--port", "0", ...args], { permissions });
    return /deno task start .*/.exec(await program.untilOutput("Ctrl-C"))![0].split(" ").slice(5);
  };
  const [flag, since = ""] = await commandOf("--rate", "0", "--events", "4000");
  assertEquals(flag, "--since");
  // One event in 400 has a timestamp that is years old, perhaps even the first one.
  const age = (Date.now() - Date.parse(since)) % (365 * 86_400_000);
  assert(age > 99_000 && age < 160_000, `${age}`);
  assertEquals(await commandOf("--rate", "10", "--events", "4000"), []);
  assertEquals(await commandOf(), []);
});

Deno.test("replay serves TLS, and reports an invalid certificate", async () => {
  await using folder = await testFolder();
  const authority = createAuthority("wikitap-test");
  const issued = authority.issue({ name: "localhost", hosts: ["127.0.0.1"] });
  const [cert, key] = [`${folder.path}/cert.pem`, `${folder.path}/key.pem`];
  await Deno.writeTextFile(cert, issued.cert);
  await Deno.writeTextFile(key, issued.key);
  await serve(["--tls-cert", cert, "--tls-key", key], async (url) => {
    assertEquals(new URL(url).protocol, "https:");
    using client = Deno.createHttpClient({ caCerts: [authority.cert] });
    const response = await fetch(url, { client, headers: { "user-agent": USER_AGENT } });
    assertEquals(response.status, 200);
    await response.body!.cancel();
  });
  const alone = await run("--tls-cert", cert);
  assertEquals(alone.code, 2);
  assertStringIncludes(
    alone.stderr,
    "error: Cannot use only one of --tls-cert and --tls-key: expected both",
  );
  const missing = await run("--tls-cert", cert, "--tls-key", `${folder.path}/none`);
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.stderr, `error: Cannot read '${folder.path}/none'`);
  const bad = await run("--tls-cert", key, "--tls-key", cert, "--port", "0");
  assertEquals(bad.code, 1);
  assertStringIncludes(bad.stderr, "error: Cannot serve TLS");
});

Deno.test("replay reports that its port is in use", async () => {
  await serve([], async (url) => {
    const { code, stderr } = await run("--port", new URL(url).port);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "the port is in use");
  });
});
