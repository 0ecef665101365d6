import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { registryStatus } from "../../lib/local/registry/registry.ts";
import { fetchedRegistry } from "../../lib/local/registry/distribution.ts";
import { freePort, isFree } from "../../lib/local/process/ports.ts";
import { commandLine } from "../../lib/local/process/process.ts";
import { type TestFolder, testFolder } from "../support/tools/folder.ts";
import { noRegistry } from "../support/kafka/registry.ts";
import { needing } from "../support/tools/skip.ts";
import { ServiceProgram } from "../support/programs/service.ts";
import { until } from "../support/tools/until.ts";

const jar = await fetchedRegistry();
const missing = await noRegistry();
const registry = new ServiceProgram("scripts/registry.ts", { JAVA_HOME: "" });

function registryTest(name: string, fn: () => Promise<void>): void {
  Deno.test(needing(missing, { name, fn }));
}

registryTest(
  "registry start --detach runs until registry stop, and keeps schemas",
  async () => {
    await using folder = await workingFolder();
    const port = String(freePort());
    const start = ["start", "--detach", "--port", port];
    const first = await registry.run(folder.path, start);
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

    const again = await registry.run(folder.path, start);
    assertEquals([again.code, again.stdout], [0, `${url}\n`]);
    const other = await registry.run(folder.path, ["start", "--port", "0", "--clean"]);
    assertEquals(other.code, 1);
    assertStringIncludes(other.stderr, "Stop it first: deno task registry stop");
    const status = await registry.run(folder.path, ["status"]);
    assertEquals(status.code, 0);
    assertMatch(status.stdout, /process \d+, answers\n$/);
    assertEquals((await registry.run(folder.path, ["stop"])).code, 0);
    assertEquals((await registry.run(folder.path, ["status"])).code, 1);

    await registry.run(folder.path, start);
    assertEquals((await (await fetch(`${url}/schemas/ids/${id}`)).json()).schema, '"string"');
    assertEquals((await registry.run(folder.path, ["stop"])).code, 0);
  },
);

registryTest("registry start killed with SIGKILL leaves no Java", async () => {
  await using folder = await workingFolder();
  const port = freePort();
  await using started = registry.start(folder.path, ["start", "--port", String(port)]);
  await started.untilOutput("\n");
  const pid = (await registryStatus(`${folder.path}/.local/registry`))!.pid!;
  started.kill("SIGKILL");
  await started.ended;
  await until(async () => await commandLine(pid) === undefined && isFree(port));
});

Deno.test("registry rejects unknown commands", async () => {
  await using folder = await testFolder();
  assertEquals((await registry.run(folder.path, ["restart"])).code, 2);
  assertEquals((await registry.run(folder.path, [])).code, 2);
  assertEquals((await registry.run(folder.path, ["stop"])).code, 0);
});

registryTest("registry start rejects a port in use", async () => {
  await using folder = await workingFolder();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const busy = await registry.run(folder.path, ["start", "--port", String(listener.addr.port)]);
  assertEquals(busy.code, 1);
  assertStringIncludes(busy.stderr, `Cannot listen on port ${listener.addr.port}: it is in use`);
});

/** Returns a working folder that has the fetched registry. */
async function workingFolder(): Promise<TestFolder> {
  const folder = await registry.folder();
  await Deno.mkdir(`${folder.path}/.local`);
  const fetched = jar!.slice(0, jar!.lastIndexOf("/"));
  await Deno.symlink(
    fetched,
    `${folder.path}/.local/${fetched.slice(fetched.lastIndexOf("/") + 1)}`,
  );
  return folder;
}
