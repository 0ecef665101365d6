/**
 * Checks whether the memory of the live page stays stable. Runs a Kafka, a producer of synthetic
 * edits, the dashboard and some open pages for a while, and regularly prints their memory. The
 * topic has an hour of edits at the start, since the page counts over an hour.
 *
 *     deno task soak-page --for 30m
 */
import { option, type OptionGroup } from "../../lib/cli/option.ts";
import { program, runMain } from "../../lib/cli/program.ts";
import { integer, positiveDuration } from "../../lib/cli/values.ts";
import { startKafka } from "../../lib/local/kafka/start.ts";
import { sleep } from "../../lib/shared/sleep.ts";
import { writeOutput } from "../../lib/terminal/output.ts";
import { type Browser, launchBrowser, openTab, type Page } from "../support/page/browser.ts";
import { TestDashboard } from "../support/page/dashboard.ts";
import type { Edit } from "../../lib/edits/message/edit.ts";
import { inventEdit } from "../support/stream/edits.ts";
import { cpuSeconds, residentBytes } from "../support/programs/process.ts";
import { TestTopic } from "../support/kafka/topic.ts";

const soakOptions = {
  title: "How much",
  options: {
    for: option({
      placeholder: "DURATION",
      help: "How long it runs.",
      parse: positiveDuration,
      default: 30 * 60_000,
      defaultText: "30m",
    }),
    every: option({
      placeholder: "DURATION",
      help: "How often a line is printed.",
      parse: positiveDuration,
      default: 60_000,
      defaultText: "1m",
    }),
    rate: option({
      placeholder: "N",
      help: "Edits per second.",
      parse: integer(1, 5000),
      default: 100,
    }),
    pages: option({ placeholder: "N", help: "Open pages.", parse: integer(1, 20), default: 3 }),
  },
} satisfies OptionGroup;

export const main = program({
  usage: "deno task soak-page",
  summary: "Runs the live page for a while, and prints the memory of the dashboard and of a tab.",
  examples: [["deno task soak-page --for 30m --rate 100 --pages 3", "Half an hour, three pages"]],
  groups: [soakOptions],
  async run({ for: length, every, rate, pages }, stop) {
    const directory = await Deno.makeTempDir({ prefix: "wikitap-soak-" });
    try {
      await using kafka = await startKafka({ directory, port: 0, heap: 256 });
      await using topic = await TestTopic.create(kafka.bootstrapServers);
      await fill(topic, rate, stop);
      await using dashboard = await TestDashboard.start(kafka.bootstrapServers, topic.name, {
        limit: length + 300_000,
      });
      await using browser = await launchBrowser();
      const tabs = [];
      for (let n = 0; n < pages; n++) tabs.push((await openTab(browser, dashboard.url)).page);
      const ending = AbortSignal.any([stop, AbortSignal.timeout(length)]);
      const publishing = publish(topic, rate, ending);
      writeOutput(HEADER);
      const begin = Date.now();
      for (let n = 1; await pause(begin + n * every, ending); n++) {
        writeOutput(await measure(begin, dashboard, browser, tabs));
      }
      await publishing;
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

const HOUR = 3_600_000;

/** Publishes the edits of the hour before. */
async function fill(topic: TestTopic, rate: number, stop: AbortSignal): Promise<void> {
  const begin = Date.now() - HOUR;
  for (let second = 0; second < HOUR / 1000 && !stop.aborted; second++) {
    const at = begin + second * 1000;
    await topic.publish(Array.from({ length: rate }, (_, n) => edit(-second * rate - n - 1, at)));
  }
}

/** Publishes new edits ten times a second. */
async function publish(topic: TestTopic, rate: number, stop: AbortSignal): Promise<void> {
  const begin = Date.now();
  for (let count = 0; await pause(Date.now() + 100, stop);) {
    const edits = [];
    for (const due = rate * (Date.now() - begin) / 1000; count < due; count++) {
      edits.push(edit(count, Date.now()));
    }
    await topic.publish(edits);
  }
}

/** Two of three have a page and a user of their own. */
function edit(number: number, at: number): Edit {
  const edit = inventEdit(Math.abs(number), at);
  const own = { title: `${edit.title} (${number})`, user_name: `${edit.user_name} ${number}` };
  return number % 3 === 0 ? edit : { ...edit, ...own };
}

const COLUMNS = [
  "minutes",
  "dashboard MB",
  "dashboard CPU s",
  "tab heap MB",
  "tab nodes",
  "tab busy %",
  "browser MB",
  "edits shown",
];
const HEADER = `${COLUMNS.join("\t")}\n`;

async function measure(
  begin: number,
  dashboard: TestDashboard,
  browser: Browser,
  tabs: readonly Page[],
): Promise<string> {
  const minutes = (Date.now() - begin) / 60_000;
  const metrics = await Promise.all(tabs.map(metricsOf));
  const most = (values: number[]) => Math.max(...values);
  const cells = [
    minutes.toFixed(1),
    megabytes(residentBytes(dashboard.pid)),
    (await cpuSeconds(dashboard.pid)).toFixed(1),
    megabytes(most(metrics.map(({ heap }) => heap))),
    most(metrics.map(({ nodes }) => nodes)),
    (most(metrics.map(({ busy }) => busy)) / (minutes * 60) * 100).toFixed(1),
    megabytes(await browserBytes(browser)),
    metrics[0]?.total,
  ];
  return `${cells.join("\t")}\n`;
}

/** Returns the memory of a tab after garbage collection; `busy` in s since it was opened. */
async function metricsOf(page: Page) {
  const session = await page.createCDPSession();
  await session.send("HeapProfiler.collectGarbage");
  await session.detach();
  const { JSHeapUsedSize = 0, Nodes = 0, TaskDuration = 0 } = await page.metrics();
  const total = await page.$eval("#total", (element) => element.textContent);
  return { heap: JSHeapUsedSize, nodes: Nodes, busy: TaskDuration, total };
}

/** Returns the memory of all processes of the browser together. */
async function browserBytes(browser: Browser): Promise<number> {
  const session = await browser.target().createCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const sizes = processInfo.map(({ id }) => residentBytes(id));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function megabytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}

/** Waits until `time`, ms since the epoch. Returns `false` if `stop` is aborted first. */
async function pause(time: number, stop: AbortSignal): Promise<boolean> {
  await sleep(Math.max(time - Date.now(), 0), stop);
  return !stop.aborted;
}

if (import.meta.main) await runMain(main);
