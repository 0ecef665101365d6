import { assert, assertEquals, assertMatch } from "@std/assert";
import { EQIAD, START, syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { produce, serve } from "../support/kafka/produce.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { runProgram, startProgram } from "../support/programs/program.ts";
import { startOnTerminal } from "../support/programs/terminal.ts";
import { testFolder } from "../support/tools/folder.ts";

const kafka = await testKafka();

const LOG = syntheticLog({ rate: 100, count: 6000, canaryEvery: 100 });
const SPAN = ["--since", String(START + 10_000), "--until", String(START + 40_000)];

const topic = await makeTopic(kafka);
{
  await using server = serve(LOG);
  const args = ["--since", String(START), "--until", String(START + 58_000)];
  await produce({ kafka, topic, url: server.url, args });
}
const at = (url: string) => ["--bootstrap-server", kafka, "--topic", topic, "--stream-url", url];

Deno.test("verify compares with a recording", async () => {
  await using folder = await testFolder();
  const file = `${folder.path}/recording.sse`;
  {
    await using server = serve(LOG);
    const headers = { "user-agent": "verify-test/1.0 (test@example.org)" };
    const response = await fetch(`${server.url}?since=${START}`, { headers });
    let text = "";
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      text += part;
      // Canaries of the other data center come first.
      if (part.includes(`"${EQIAD}","partition":0,"timestamp":${(START + 58_000) / 100}`)) break;
    }
    await Deno.writeTextFile(file, text.slice(0, text.lastIndexOf("\n\n") + 2));
  }
  const replayed = ["--file", file, "--rate", "0", "--port", "0"];
  await using replay = startProgram("scripts/replay.ts", replayed);
  const [url] = /http:\S+(?=\n)/.exec(await replay.untilOutput("Press Ctrl-C"))!;
  const { code, stdout, stderr } = await runProgram("scripts/verify.ts", [...at(url), ...SPAN]);
  assertEquals(code, 0, stdout + stderr);
  assertMatch(stdout, /^found +1,\d{3}$/m);
});

Deno.test("verify on a terminal shows a bar and the remaining time", async () => {
  await using server = serve(LOG, { faults: { stallEvery: 1000 } });
  const { url } = server;
  const net = `--allow-net=${kafka},${new URL(url).host}`;
  const command = ["-P=verify", net, "scripts/verify.ts", ...at(url), ...SPAN];
  await using session = startOnTerminal(command, { columns: 100 });
  const status = /^reading the source [^ ]+ +\d+ % · \d+s left · [\d,]+ records?/;
  await session.until((screen) => screen.some((row) => status.test(row)));
  await session.interrupt();
  assert(await session.ended !== 0);
});
