import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { kafkaLibs } from "../../lib/local/kafka/distribution.ts";
import { kafkaStatus } from "../../lib/local/kafka/status.ts";
import { freePort, isFree } from "../../lib/local/process/ports.ts";
import { commandLine } from "../../lib/local/process/process.ts";
import { shell } from "../../lib/local/process/shell.ts";
import { testFolder } from "../support/tools/folder.ts";
import { needing } from "../support/tools/skip.ts";
import { firstOutput, ServiceProgram } from "../support/programs/service.ts";
import { until } from "../support/tools/until.ts";

const libs = await Deno.realPath(await kafkaLibs());
const KAFKA_HOME = libs.slice(0, -"/libs".length);
/**
 * Whether a process can be the first of a PID namespace, as in a container: only root can, and not
 * everywhere.
 */
const { code: unshared } = await shell("unshare -pf --mount-proc true");
const noContainer = unshared === 0 ? undefined : "no right to be a container: unshare as root";
const kafka = new ServiceProgram("scripts/kafka.ts", { KAFKA_HOME, JAVA_HOME: "" });

Deno.test("kafka start stops when it gets SIGTERM, and leaves nothing", async () => {
  await using folder = await testFolder();
  const port = freePort();
  await using started = kafka.start(folder.path, ["start", "--port", String(port)]);
  assertEquals(await started.untilOutput("\n"), `127.0.0.1:${port}\n`);
  const pid = await brokerPid(folder.path);
  started.kill("SIGTERM");
  assertEquals((await started.ended).code, 0);
  assertEquals(await commandLine(pid), undefined);
  assert(isFree(port));
});

Deno.test("kafka start ends its broker when it is killed with SIGKILL", async () => {
  await using folder = await testFolder();
  const port = freePort();
  await using started = kafka.start(folder.path, ["start", "--port", String(port)]);
  await started.untilOutput("\n");
  const pid = await brokerPid(folder.path);
  started.kill("SIGKILL");
  await started.ended;
  await until(async () => await commandLine(pid) === undefined);
  await until(() => isFree(port));
});

Deno.test("kafka start killed while it formats leaves no Java", async () => {
  await using folder = await testFolder();
  await using started = kafka.start(folder.path, ["start", "--port", "0"]);
  await until(async () => (await javaOf(folder.path)).includes("StorageTool"));
  started.kill("SIGKILL");
  await started.ended;
  await until(async () => await javaOf(folder.path) === "");
});

Deno.test("kafka start ends when its launcher is killed", async () => {
  await using folder = await testFolder();
  const launcher = launch(folder.path, "sh", [
    ...["-c", '"$@"; exit', "sh", Deno.execPath(), ...kafka.args(["start", "--port", "0"])],
  ]);
  await firstOutput(launcher);
  const pid = await brokerPid(folder.path);
  launcher.kill("SIGKILL");
  await launcher.status;
  await until(async () => await commandLine(pid) === undefined);
});

Deno.test(needing(noContainer, {
  name: "kafka start keeps running if a container's first process launched it",
  fn: async () => {
    await using folder = await testFolder();
    const container = launch(folder.path, "unshare", [
      ...["-pf", "--mount-proc", "--kill-child", Deno.execPath(), "task", "--eval"],
      ["deno", ...kafka.args(["start", "--port", "0"])].join(" "),
    ]);
    assertMatch(await firstOutput(container), /^127\.0\.0\.1:\d+\n$/);
    container.kill("SIGKILL");
    await container.status;
  },
}));

/** Starts a program that starts Kafka. */
function launch(cwd: string, program: string, args: string[]): Deno.ChildProcess {
  const env = { KAFKA_HOME };
  return new Deno.Command(program, {
    args,
    cwd,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

Deno.test("kafka start --detach runs until kafka stop", async () => {
  await using folder = await kafka.folder();
  const port = freePort();
  const start = ["start", "--detach", "--port", String(port)];
  const first = await kafka.runInSession(folder.path, start);
  assertEquals(first.stdout, `127.0.0.1:${port}\n`, first.stderr);
  assertEquals(first.code, 0);
  const pid = await brokerPid(folder.path);

  const again = await kafka.run(folder.path, start);
  assertEquals([again.code, again.stdout], [0, `127.0.0.1:${port}\n`]);
  assertStringIncludes(again.stderr, "Kafka is already running");
  const other = await kafka.run(folder.path, [...start, "--nodes", "3"]);
  assertEquals(other.code, 1);
  assertStringIncludes(other.stderr, "Stop it first: deno task kafka stop");

  const status = await kafka.run(folder.path, ["status"]);
  assertEquals(status.code, 0);
  assertEquals(status.stdout, `127.0.0.1:${port}  broker 1: process ${pid}, answers\n`);
  assertEquals((await kafka.run(folder.path, ["stop"])).code, 0);
  assertEquals(await commandLine(pid), undefined);
  const stopped = await kafka.run(folder.path, ["stop"]);
  assertEquals(stopped.code, 0);
  assertStringIncludes(stopped.stderr, "Kafka is not running");
  assertEquals((await kafka.run(folder.path, ["status"])).code, 1);
});

Deno.test("kafka start without a recent Java names what to install", async () => {
  await using folder = await testFolder();
  const bare = await kafka.run(folder.path, ["start"], { PATH: await binFolder(folder.path, {}) });
  assertEquals(bare.code, 1);
  assertStringIncludes(bare.stderr, "error: Cannot find Java\n  Install Java 17 or newer");

  const PATH = await binFolder(folder.path, { java: `echo 'openjdk version "11.0.2"'` });
  const old = await kafka.run(folder.path, ["start"], { PATH });
  assertEquals(old.code, 1);
  assertStringIncludes(old.stderr, "error: Cannot use Java 11: Kafka 4 needs 17 or newer\n");
});

Deno.test("kafka start without a working Maven names what to install", async () => {
  await using folder = await testFolder();
  const java = `echo 'openjdk version "17.0.1"'`;
  const environment = { KAFKA_HOME: "", PATH: await binFolder(folder.path, { java }) };
  const without = await kafka.run(folder.path, ["start"], environment);
  assertEquals(without.code, 1);
  assertStringIncludes(without.stderr, "Maven ('mvn') is not installed");

  const mvn = "echo '[ERROR] Could not transfer artifact: network is unreachable'; exit 1";
  await binFolder(folder.path, { java, mvn });
  const failed = await kafka.run(folder.path, ["start"], environment);
  assertEquals(failed.code, 1);
  assertStringIncludes(failed.stderr, "error: Cannot fetch Apache Kafka");
  assertStringIncludes(failed.stderr, "\n  | [ERROR] Could not transfer artifact");

  const nowhere = await kafka.run(folder.path, ["start"], { KAFKA_HOME: "/nowhere" });
  assertEquals(nowhere.code, 1);
  assertStringIncludes(nowhere.stderr, "Cannot find Apache Kafka in KAFKA_HOME '/nowhere'");
});

Deno.test("kafka rejects unknown commands", async () => {
  await using folder = await testFolder();
  const nothing = await kafka.run(folder.path, []);
  assertEquals(nothing.code, 2);
  assertStringIncludes(nothing.stderr, "expected start, stop or status");
  assertEquals((await kafka.run(folder.path, ["restart"])).code, 2);
  assertEquals((await kafka.run(folder.path, ["start", "--nodes", "2"])).code, 2);
  assertEquals(
    (await kafka.run(folder.path, ["start", "--nodes", "3", "--port", "65534"])).code,
    2,
  );
});

/** Returns a folder for PATH with these programs and those that the shell scripts need. */
async function binFolder(
  path: string,
  programs: Readonly<Record<string, string>>,
): Promise<string> {
  const bin = `${path}/bin`;
  await Deno.mkdir(bin, { recursive: true });
  for (const tool of ["sh", "tr", "sleep", "ps"]) {
    const found = await new Deno.Command("sh", { args: ["-c", `command -v ${tool}`] }).output();
    const target = new TextDecoder().decode(found.stdout).trim();
    if (target !== "") await Deno.symlink(target, `${bin}/${tool}`).catch(() => {});
  }
  for (const [name, script] of Object.entries(programs)) {
    await Deno.writeTextFile(`${bin}/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return bin;
}

async function brokerPid(cwd: string): Promise<number> {
  const pid = (await kafkaStatus(`${cwd}/.local/kafka`))?.nodes[0]?.pid;
  assert(pid !== undefined);
  return pid;
}

/** Returns the command lines of the Java processes that use a folder. */
async function javaOf(cwd: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `ps -A -ww -o args= | grep '^[^ ]*java .*${cwd}/'`],
  }).output();
  return new TextDecoder().decode(stdout);
}
