/**
 * Tests the live page while Kafka or the dashboard is unreachable, and afterward, without a reload.
 */
import { assertEquals } from "@std/assert";
import { startKafka } from "../../lib/local/kafka/start.ts";
import { freePort } from "../../lib/local/process/ports.ts";
import { launchBrowser, openTab, type Page } from "../support/page/browser.ts";
import { TestDashboard } from "../support/page/dashboard.ts";
import { inventEdit } from "../support/stream/edits.ts";
import { fileFolder } from "../support/tools/folder.ts";
import { TestTopic } from "../support/kafka/topic.ts";

const kafka = await startKafka({ directory: await fileFolder(), port: 0, heap: 256 });

const BROWSER_TEST = { sanitizeOps: false, sanitizeResources: false };

async function waitForLabel(page: Page, label: string): Promise<void> {
  await page.waitForFunction(
    (label: string) => document.querySelector("#label")?.textContent === label,
    { timeout: 60_000, polling: 100 },
    label,
  );
}

async function waitForTotal(page: Page, total: number): Promise<void> {
  await page.waitForFunction(
    (total: string) => document.querySelector("#total")?.textContent === total,
    { timeout: 30_000, polling: 100 },
    String(total),
  );
}

Deno.test(
  "page reports an unreachable Kafka, and continues when it is back",
  BROWSER_TEST,
  async () => {
    await using topic = await TestTopic.create(kafka.bootstrapServers);
    await using dashboard = await TestDashboard.start(kafka.bootstrapServers, topic.name);
    await using browser = await launchBrowser();
    const { page, complaints } = await openTab(browser, dashboard.url);
    await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }));
    await topic.publish([inventEdit(1, Date.now())]);
    await waitForLabel(page, "Live");
    await kafka.kill(1);
    await waitForLabel(page, "Kafka is unreachable");
    await kafka.start();
    await topic.publish([inventEdit(2, Date.now())]);
    await waitForLabel(page, "Live");
    await waitForTotal(page, 2);
    assertEquals(await page.evaluate(() => "isSamePage" in globalThis), true);
    assertEquals(complaints, []);
  },
);

Deno.test(
  "page reports a stopped dashboard, and continues with a new one",
  BROWSER_TEST,
  async () => {
    await using topic = await TestTopic.create(kafka.bootstrapServers);
    await topic.publish([inventEdit(1, Date.now())]);
    // A port that the system gives to no other program before the second dashboard starts.
    const port = freePort();
    const first = await TestDashboard.start(kafka.bootstrapServers, topic.name, { port });
    await using browser = await launchBrowser();
    const { page } = await openTab(browser, first.url);
    await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }));
    await waitForLabel(page, "Live");
    assertEquals(await first.stop(), 0);
    await waitForLabel(page, "Reconnecting");
    await topic.publish([inventEdit(2, Date.now())]);
    await using _second = await TestDashboard.start(
      kafka.bootstrapServers,
      topic.name,
      { port },
    );
    await waitForTotal(page, 2);
    await waitForLabel(page, "Live");
    assertEquals(await page.evaluate(() => "isSamePage" in globalThis), true);
  },
);
