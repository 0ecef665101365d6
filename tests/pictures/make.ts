/**
 * Generates the pictures of the README: both views of the live page in a real Chromium, and the
 * demo on a real terminal, all with synthetic edits on new clusters.
 *
 *     deno task pictures
 */
import { program, runMain } from "../../lib/cli/program.ts";
import { option, type OptionGroup } from "../../lib/cli/option.ts";
import { oneOf } from "../../lib/cli/values.ts";
import type { LocalKafka } from "../../lib/local/kafka/cluster.ts";
import { startKafka } from "../../lib/local/kafka/start.ts";
import { serveEvents } from "../../lib/replay/service/server.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { readTopic } from "../../lib/kafka/consume/reader.ts";
import { sleep } from "../../lib/shared/sleep.ts";
import { launchBrowser, openTab, type Page } from "../support/page/browser.ts";
import { TestDashboard } from "../support/page/dashboard.ts";
import { hourOfEdits, inventEdit } from "../support/stream/edits.ts";
import { startOnTerminal } from "../support/programs/terminal.ts";
import { startProgram } from "../support/programs/program.ts";
import { makeTopic, TestTopic } from "../support/kafka/topic.ts";
import { terminalSvg } from "./terminal_svg.ts";

const PAGE = "docs/live-page.png";
const KAFKA = "docs/kafka-view.png";
const TERMINAL = "docs/terminal.svg";

const pictureOptions = {
  title: "Pictures",
  options: {
    only: option({
      placeholder: "NAME",
      help: "page, kafka or terminal.",
      parse: oneOf("page", "kafka", "terminal"),
      defaultText: "all",
    }),
  },
} satisfies OptionGroup;

export const main = program({
  usage: "deno task pictures",
  summary: "Makes the README's pictures of the live page and of the demo on a terminal.",
  examples: [["deno task pictures", "After a change of what they show"]],
  groups: [pictureOptions],
  async run({ only }, stop) {
    const directory = await Deno.makeTempDir({ prefix: "wikitap-pictures-" });
    try {
      const options = { port: 0, heap: 256, signal: stop };
      if (only === undefined || only === "page") {
        await using kafka = await startKafka({ ...options, directory: `${directory}/one` });
        await picturePage(kafka.bootstrapServers, stop);
      }
      if (only === undefined || only === "kafka") {
        await using kafka = await startKafka({
          ...options,
          nodes: 3,
          directory: `${directory}/three`,
        });
        await pictureKafka(kafka, stop);
      }
      if (only === undefined || only === "terminal") await pictureTerminal(directory);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

/** Publishes an hour of edits, and then new ones for some seconds. */
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

/**
 * Shows a busy cluster: two members share the topic, an archive cannot keep up, and a broker has
 * died and returned.
 */
async function pictureKafka(kafka: LocalKafka, stop: AbortSignal): Promise<void> {
  const brokers = kafka.bootstrapServers;
  // Longer than everything that follows, in ms.
  const options = { limit: 900_000 };
  await using resources = new AsyncDisposableStack();
  const name = await makeTopic(brokers, {
    topic: "wikipedia-events",
    partitions: 6,
    replicationFactor: 3,
  });
  const topic = resources.use(await TestTopic.open(brokers, name));
  await topic.publish(hourOfEdits().slice(-20_000));
  const dashboard = resources.use(await TestDashboard.start(brokers, name, options));
  const browser = resources.use(await launchBrowser());
  const { page } = await openTab(browser, new URL("kafka", dashboard.url).href);
  const publishing = new AbortController();
  const published = publishAtPace(topic, AbortSignal.any([stop, publishing.signal]));
  const flags = ["--bootstrap-server", brokers, "--topic", name, "--group"];
  const readers = () => startProgram("scripts/consume.ts", [...flags, "readers"], options);
  resources.use(startProgram("scripts/consume.ts", [...flags, "search-index"], options));
  resources.use(readers());
  const slow = readSlowly(brokers, name, publishing.signal);
  // Before its topic is disposed of, or a failure below would be hidden by one of `published`.
  resources.defer(async () => {
    publishing.abort();
    await Promise.allSettled([published, slow]);
  });
  await sleep(60_000, stop);
  resources.use(readers());
  await sleep(90_000, stop);
  await kafka.kill(2);
  await sleep(20_000, stop);
  await kafka.start();
  await sleep(100_000, stop);
  await page.waitForFunction('document.querySelector("#label")?.textContent === "Healthy"');
  await takePictures(page);
}

/** Takes the picture of the README, and all others into `.local/screenshots`. */
async function takePictures(page: Page): Promise<void> {
  await page.setViewport({ width: 1360, height: 960, deviceScaleFactor: 1.5 });
  await page.waitForFunction('document.querySelector("#state").dataset.tone === "good"', {
    timeout: 60_000,
  });
  await page.screenshot({ path: KAFKA });
  await Deno.mkdir(SCREENSHOTS, { recursive: true });
  for (const scheme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    for (const [width, height] of [[390, 844], [820, 1100], [1440, 1000]] as const) {
      await page.setViewport({ width, height, deviceScaleFactor: 1 });
      const path = `${SCREENSHOTS}/kafka-${width}-${scheme}.png`;
      await page.screenshot({ path: path as `${string}.png`, fullPage: true });
    }
  }
}

const SCREENSHOTS = ".local/screenshots";

/** Publishes synthetic edits, at a varying rate. */
async function publishAtPace(topic: TestTopic, signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted; n += 5) {
    const edits = Array.from({ length: 5 }, (_, i) => inventEdit(n + i, Date.now()));
    // The producer waits for a broker that dies.
    await topic.publish(edits);
    await sleep(120 + 80 * Math.sin(Date.now() / 9000), signal);
  }
}

/** Reads at about half the pace. */
async function readSlowly(brokers: string, topic: string, signal: AbortSignal): Promise<void> {
  await readTopic(openCluster({ brokers: brokers.split(",") }), {
    topic,
    group: "archive",
    signal,
    // Shorter than the session, or the group loses its member when a broker dies.
    handle: ({ records }) => sleep(Math.min(45 * records.length, 8000), signal),
  });
}

/** Records the demo from its first start to a screen of edits. */
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
