/** Tests the Kafka view in a real Chromium, with a real cluster of three brokers. */
import { assert, assertEquals } from "@std/assert";
import axe, { type AxeResults } from "npm:axe-core@4.14.1";
import { startKafka } from "../../lib/local/kafka/start.ts";
import { makeTopic } from "../support/kafka/topic.ts";
import { editMessages, openPublisher } from "../support/kafka/records.ts";
import { launchBrowser, openTab, type Page } from "../support/page/browser.ts";
import { TestDashboard } from "../support/page/dashboard.ts";
import { startProgram } from "../support/programs/program.ts";
import { fileFolder } from "../support/tools/folder.ts";

const kafka = await startKafka({ directory: await fileFolder(), nodes: 3, port: 0, heap: 256 });
const brokers = kafka.bootstrapServers;

const SCREENSHOTS = ".local/screenshots";
const BROWSER_TEST = { sanitizeOps: false, sanitizeResources: false };

async function waitForText(page: Page, selector: string, wanted: RegExp): Promise<void> {
  await page.waitForFunction(
    (selector: string, wanted: string) =>
      new RegExp(wanted).test(
        (document.querySelector(selector) as HTMLElement | null)?.innerText ?? "",
      ),
    { timeout: 60_000, polling: 100 },
    selector,
    wanted.source,
  ).catch(async (cause) => {
    const text = await page.$eval("body", (body) => body.innerText);
    throw new Error(`No ${wanted} in ${selector}: ${text}`, { cause });
  });
}

/** Returns the partitions that each broker leads, as its box shows them. */
function leaders(page: Page): Promise<string[][]> {
  return page.$$eval(
    "#brokers > li",
    (boxes) =>
      boxes.map((box) =>
        [...box.querySelectorAll(".chip.leader")].map((chip) => chip.firstChild?.textContent ?? "")
      ),
  );
}

function consumer(topic: string) {
  const args = ["--topic", topic, "--group", "readers", "--bootstrap-server", brokers];
  return startProgram("scripts/consume.ts", [...args, "--from-beginning"], { limit: 300_000 });
}

Deno.test(
  "Kafka view shows brokers, partitions, groups and their changes",
  BROWSER_TEST,
  async () => {
    const topic = await makeTopic(brokers, { partitions: 6, replicationFactor: 3 });
    await using publisher = await openPublisher(brokers);
    await publisher.publish(topic, editMessages(0, 300, 6));
    await using dashboard = await TestDashboard.start(brokers, topic);
    await using browser = await launchBrowser();
    const { page, complaints } = await openTab(browser, dashboard.url);
    await page.click("nav a[href='/kafka']");
    await waitForText(page, "#label", /^Healthy$/);
    assertEquals((await leaders(page)).flat().sort(), ["0", "1", "2", "3", "4", "5"]);
    assertEquals((await page.$$("#brokers .chip")).length, 18);
    // The dashboard's own group has a readable name, and the edits are not marked as synthetic.
    await waitForText(page, "#groups", /dashboard \(temporary\)[^]*commits nothing/);
    assert(!await isShown(page, "#invented"));
    await waitForText(page, "#partitions li:nth-child(1)", /broker \d leads[^]*0 – 51/);

    // A consumer reads all partitions. A second one takes half of them, and leaves again.
    await using first = consumer(topic);
    await first.untilLog("Reading partitions");
    await waitForText(page, "#groups", /readers[^]*Stable[^]*reads/);
    // The marker of the transaction at the end of each partition counts as lag.
    await waitForText(page, "#groups", /readers[^]*lag [0-6]\n/);
    await using second = consumer(topic);
    await second.untilLog("Reading partitions");
    await waitForText(page, "#happenings", /consumer \S+ joined group readers/);
    await page.waitForFunction(
      () => {
        const members = [...document.querySelectorAll("#groups [data-key=readers] .members > li")];
        return members.map((one) => one.querySelectorAll(".chip").length).join() === "3,3";
      },
      { timeout: 60_000, polling: 100 },
    );
    await publisher.publish(topic, editMessages(300, 60, 6));
    await page.waitForSelector("#partitions [data-flow=yes]");
    await pictures(page);
    second.kill("SIGINT");
    await waitForText(page, "#happenings", /consumer \S+ left group readers/);
    await waitForText(page, "#happenings", /group readers rebalanced[^]*→/);

    // A broker dies: others lead its partitions, until it is back.
    await kafka.kill(2);
    await waitForText(page, "#happenings", /broker 2 is gone/);
    await waitForText(page, "#label", /^Under-replicated$/);
    await page.waitForFunction(
      () => document.querySelectorAll("[data-key='2'] .chip.leader").length === 0,
      { timeout: 60_000, polling: 100 },
    );
    assertEquals((await leaders(page)).flat().sort(), ["0", "1", "2", "3", "4", "5"]);
    await waitForText(page, "#happenings", /partition \d: leader 2 → [13]/);
    await page.screenshot({ path: `${SCREENSHOTS}/kafka-broker-gone.png`, fullPage: true });
    await kafka.start();
    await waitForText(page, "#happenings", /broker 2 is back/);
    await waitForText(page, "#label", /^Healthy$/);

    first.kill("SIGINT");
    assertEquals((await first.ended).code, 0);
    assertEquals(complaints, []);
    assertEquals(await dashboard.stop(), 0);
  },
);

Deno.test("Kafka view can be used with a keyboard", BROWSER_TEST, async () => {
  const topic = await makeTopic(brokers);
  await using dashboard = await TestDashboard.start(brokers, topic);
  await using browser = await launchBrowser();
  const { page } = await openTab(browser, new URL("kafka", dashboard.url).href);
  await waitForText(page, "#label", /^Healthy$/);
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      return element?.id || element?.role || element?.textContent;
    });
  await page.keyboard.press("Tab");
  assertEquals(await focused(), "Skip to the brokers");
  await page.keyboard.press("Enter");
  assertEquals(await focused(), "main");
  // The list of changes scrolls.
  await page.keyboard.press("Tab");
  assertEquals(await focused(), "log");
});

Deno.test("both views mark synthetic edits", BROWSER_TEST, async () => {
  const topic = await makeTopic(brokers, { topic: "wikipedia-events-synthetic" });
  await using dashboard = await TestDashboard.start(brokers, topic);
  await using browser = await launchBrowser();
  const { page, complaints } = await openTab(browser, dashboard.url);
  for (const view of ["/", "/kafka"]) {
    await page.click(`nav a[href='${view}']`);
    await page.waitForSelector("#invented", { visible: true });
    const text = await page.$eval("#invented", (banner) => (banner as HTMLElement).innerText);
    assertEquals(text, "These edits are synthetic: the demo could not reach Wikimedia.");
    await page.screenshot({ path: `${SCREENSHOTS}/invented-${view.slice(1) || "edits"}.png` });
  }
  assertEquals(complaints, []);
});

function isShown(page: Page, selector: string): Promise<boolean> {
  return page.$eval(selector, (element) => (element as HTMLElement).checkVisibility());
}

/**
 * Takes pictures in all sizes, light and dark. Checks that axe finds nothing, and that no page is
 * too wide.
 */
async function pictures(page: Page): Promise<void> {
  await Deno.mkdir(SCREENSHOTS, { recursive: true });
  await page.evaluate(axe.source);
  const views = { wide: [1440, 1000], tablet: [820, 1100], phone: [390, 844] } as const;
  for (const [name, [width, height]] of Object.entries(views)) {
    await page.setViewport({ width, height, deviceScaleFactor: 2 });
    for (const scheme of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await page.screenshot({ path: `${SCREENSHOTS}/kafka-${name}-${scheme}.png`, fullPage: true });
      const found = await page.evaluate(async () => {
        const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResults> } };
        const { violations } = await axe.run();
        return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
      });
      assertEquals([name, scheme, ...found], [name, scheme]);
    }
    assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name);
  }
  await page.setViewport({ width: 1440, height: 1000 });
}
