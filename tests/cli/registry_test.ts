import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { registryStatus } from "../../lib/local/registry.ts";
import { fetchedRegistry } from "../../lib/local/registry_distribution.ts";
import { freePort, isFree } from "../../lib/local/ports.ts";
import { commandLine } from "../../lib/local/process.ts";
import { NO_REGISTRY } from "../support/registry.ts";
import { until } from "../support/until.ts";

const root = new URL("../../", import.meta.url).pathname;
const jar = await fetchedRegistry();

function registryTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: jar ? name : `${name} (${NO_REGISTRY})`, ignore: !jar, fn });
}

registryTest(
  "registry start --detach lives on, until registry stop, and keeps schemas",
  async () => {
    await using folder = await workingFolder();
    const port = String(freePort());
    const start = ["start", "--detach", "--port", port];
    const first = await run(folder.path, start);
    const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
    assertEquals([first.code, first.stdout], [0, `${url}\n`], first.stderr);
    const schema = JSON.stringify({ schema: '"string"' });
    const headers = { "content-type": "application/json" };
    const made = await fetch(`${url}/subjects/s/versions`, {
      method: "POST",
      body: schema,
      headers,
    });
    const { id } = await made.json();
    const config = await (await fetch(`${url}/config`)).json();
    assertEquals(config.compatibilityLevel, "BACKWARD");

    const again = await run(folder.path, start);
    assertEquals([again.code, again.stdout], [0, `${url}\n`]);
    const other = await run(folder.path, ["start", "--port", "0", "--clean"]);
    assertEquals(other.code, 1);
    assertStringIncludes(other.stderr, "Stop it first: deno task registry stop");
    const status = await run(folder.path, ["status"]);
    assertEquals(status.code, 0);
    assertMatch(status.stdout, /process \d+, answers\n$/);
    assertEquals((await run(folder.path, ["stop"])).code, 0);
    assertEquals((await run(folder.path, ["status"])).code, 1);

    await run(folder.path, start);
    assertEquals((await (await fetch(`${url}/schemas/ids/${id}`)).json()).schema, '"string"');
    assertEquals((await run(folder.path, ["stop"])).code, 0);
  },
);

registryTest("registry start killed with SIGKILL takes its Java with it", async () => {
  await using folder = await workingFolder();
  const port = freePort();
  const process = new Deno.Command(Deno.execPath(), {
    ...{ args: denoArguments(["start", "--port", String(port)]), cwd: folder.path },
    ...{ stdin: "null", stdout: "piped", stderr: "null" },
  }).spawn();
  const reader = process.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const pid = (await registryStatus(`${folder.path}/.local/registry`))!.pid!;
  process.kill("SIGKILL");
  await process.status;
  await until(async () => await commandLine(pid) === undefined && isFree(port));
});

Deno.test("registry refuses what it does not know, and a port in use", async () => {
  await using folder = await workingFolder();
  assertEquals((await run(folder.path, ["restart"])).code, 2);
  assertEquals((await run(folder.path, [])).code, 2);
  assertEquals((await run(folder.path, ["stop"])).code, 0);
  if (jar === undefined) return;
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const busy = await run(folder.path, ["start", "--port", String(listener.addr.port)]);
  assertEquals(busy.code, 1);
  assertStringIncludes(busy.stderr, `Port ${listener.addr.port} is in use`);
});

/** A folder to work in, where the registry is fetched already; nothing runs in it at the end. */
async function workingFolder() {
  const path = await Deno.makeTempDir({ prefix: "wikitap-registry-" });
  await Deno.mkdir(`${path}/.local`);
  const fetched = jar?.slice(0, jar.lastIndexOf("/"));
  if (fetched !== undefined) {
    await Deno.symlink(fetched, `${path}/.local/${fetched.slice(fetched.lastIndexOf("/") + 1)}`);
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      await run(path, ["stop"]);
      await Deno.remove(path, { recursive: true });
    },
  };
}

function denoArguments(args: readonly string[]): string[] {
  const permissions = ["-R=.local", "-W=.local", "--allow-run=sh", "-N=127.0.0.1"];
  const env = "--allow-env=JAVA_HOME";
  const script = [`--config=${root}deno.json`, ...permissions, env, `${root}scripts/registry.ts`];
  return ["run", "-q", "--no-prompt", ...script, ...args];
}

async function run(cwd: string, args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    ...{ args: denoArguments(args), cwd, stdin: "null" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
