/**
 * Makes the pictures of the README: the live page in a real Chromium and the demo on a real
 * terminal, both with invented edits, on a Kafka that is started for it.
 *
 *     deno task pictures
 */
import { program, runMain } from "../../lib/cli/program.ts";
import { startKafka } from "../../lib/local/kafka/start.ts";
import { serveEvents } from "../../lib/replay/server.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { sleep } from "../../lib/shared/sleep.ts";
import { launchBrowser, openTab } from "../support/page/browser.ts";
import { TestDashboard } from "../support/page/dashboard.ts";
import { hourOfEdits, inventEdit } from "../support/stream/edits.ts";
import { startOnTerminal } from "../support/programs/terminal.ts";
import { TestTopic } from "../support/kafka/topic.ts";
import { terminalSvg } from "./terminal_svg.ts";

const PAGE = "docs/live-page.png";
const TERMINAL = "docs/terminal.svg";

export const main = program({
  usage: "deno task pictures",
  summary: "Makes the README's pictures of the live page and of the demo on a terminal.",
  examples: [["deno task pictures", "After a change of what they show"]],
  groups: [],
  async run(_options, stop) {
    const directory = await Deno.makeTempDir({ prefix: "wikitap-pictures-" });
    try {
      await using kafka = await startKafka({ directory, port: 0, heap: 256, signal: stop });
      await picturePage(kafka.bootstrapServers, stop);
      await pictureTerminal(directory);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

/** An hour of edits, and then some seconds of new ones. */
async function picturePage(kafka: string, stop: AbortSignal): Promise<void> {
  await using topic = await TestTopic.create(kafka, "wikipedia-events");
  await topic.publish(hourOfEdits());
  await using dashboard = await TestDashboard.start(kafka, topic.name);
  await using browser = await launchBrowser();
  const { page } = await openTab(browser, dashboard.url);
  await page.setViewport({ width: 1360, height: 960, deviceScaleFactor: 1.5 });
  const end = Date.now() + 12_000;
  for (let n = 0; Date.now() < end; n++) {
    await topic.publish([inventEdit(n, Date.now())]);
    await sleep(60, stop);
  }
  await page.screenshot({ path: PAGE });
}

/** The demo as it is seen the first time, from its start to a screen of edits. */
async function pictureTerminal(cwd: string): Promise<void> {
  const upstream = serveEvents({ log: syntheticLog({ rate: 40 }) });
  const demo = ["-A", import.meta.resolve("../../scripts/demo.ts"), "--stream-url", upstream.url];
  try {
    await using session = startOnTerminal(demo, { cwd, columns: 104, env: { NO_COLOR: "" } });
    await session.until((screen) => screen.length >= 24);
    const svg = terminalSvg(session.terminal, { title: "deno task demo", firstRow: 1 });
    await session.interrupt();
    await session.ended;
    await Deno.writeTextFile(TERMINAL, svg);
  } finally {
    await upstream.stop();
  }
}

if (import.meta.main) await runMain(main);
