import { assert, assertEquals } from "@std/assert";
import { type EventServer, serveEvents } from "../../lib/local/event_server.ts";
import { syntheticLog } from "../../lib/local/synthetic.ts";

const LOG = syntheticLog({ rate: 400 });

/** Commands that run until they are stopped: they get to their first line, and go on in the back. */
const ENDLESS = /^deno task (replay|dashboard)\b/;

/** The shell blocks of one section of the README, each a list of commands. */
function blocksOf(readme: string, heading: string): string[][] {
  const [, section = ""] = readme.split(`\n## ${heading}\n`);
  const blocks = section.split(/\n## /)[0]!.matchAll(/```sh\n([\s\S]*?)```/g);
  return [...blocks].map(([, block]) => block!.trim().split("\n"));
}

/** A copy of what git knows of this checkout, so that the commands find none of its data. */
async function checkout(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "wikitap-readme-" });
  const copy = "git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t";
  await run(`${copy} "${folder}"`, { cwd: "." });
  return folder;
}

async function run(
  command: string,
  { cwd, env = {} }: { cwd: string; env?: Record<string, string> },
): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", command],
    ...{ cwd, env, stdin: "null", stdout: "piped", stderr: "piped" },
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ port, hostname: "127.0.0.1" }).close();
    return true;
  } catch {
    return false;
  }
}

Deno.test("the README's way through Kafka works, command by command", async (t) => {
  const busy = [9092, 9093, 9094, 8181].filter((port) => !isFree(port));
  assertEquals(busy, [], "ports that the commands need are in use");
  const blocks = blocksOf(await Deno.readTextFile("README.md"), "Kafka, step by step");
  assert(blocks.length >= 6, `${blocks.length} blocks`);
  await using stack = new AsyncDisposableStack();
  const cwd = await checkout();
  stack.defer(() => Deno.remove(cwd, { recursive: true }));
  // Wikimedia is played by the stand-in also where the README reads the real one; at the address
  // that the programs may connect to, until the README starts a stand-in of its own.
  let upstream: EventServer | undefined = serveEvents({ log: LOG, port: 8181 });
  const stopUpstream = async () => {
    await upstream?.stop();
    upstream = undefined;
  };
  stack.defer(stopUpstream);
  const env = {
    PATH: `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}`,
    EVENTSTREAMS_URL: upstream.url,
  };
  stack.defer(() => run("deno task kafka stop", { cwd, env }).then(() => {}));
  for (const command of blocks.flat()) {
    await t.step(command, async () => {
      if (ENDLESS.test(command)) {
        await stopUpstream();
        stack.use(await background(command, { cwd, env }));
        return;
      }
      const { code, text } = await run(command, { cwd, env });
      assertEquals(code, 0, text);
    });
  }
});

/** Starts a command, waits for its first line, and stops it when it is disposed of. */
async function background(
  command: string,
  { cwd, env }: { cwd: string; env: Record<string, string> },
): Promise<AsyncDisposable> {
  const [program, ...args] = command.split(" ");
  const process = new Deno.Command(program!, {
    ...{ args, cwd, env, stdin: "null", stdout: "piped", stderr: "null" },
  }).spawn();
  const reader = process.stdout.getReader();
  const { done } = await reader.read();
  assert(!done, `${command} ended at once`);
  return {
    async [Symbol.asyncDispose]() {
      process.kill("SIGINT");
      await process.status;
      await reader.cancel();
    },
  };
}
