import { assertEquals } from "@std/assert";
import type { Edit } from "../../lib/edits/message/edit.ts";
import { launchBrowser, openTab, type Page } from "../support/page/browser.ts";
import { TestDashboard } from "../support/page/dashboard.ts";
import { TestTopic } from "../support/kafka/topic.ts";
import { until } from "../support/tools/until.ts";

/** A browser's connections and pipes outlive the calls that open them. */
export const BROWSER_TEST = { sanitizeOps: false, sanitizeResources: false };

let number = 0;

/** An edit of now, with what matters to a test. */
export function edit(changed: Partial<Edit> = {}): Edit {
  return {
    id: ++number,
    domain: "en.wikipedia.org",
    namespace: "main namespace",
    title: `Page ${number}`,
    timestamp: new Date().toISOString(),
    user_name: "Tomte",
    user_type: "human",
    old_length: 100,
    new_length: 142,
    ...changed,
  };
}

/** Opens the page of a new topic, uses it, and makes sure that the page complained of nothing. */
export async function withPage(
  kafka: string,
  use: (context: { page: Page; topic: TestTopic; url: string }) => Promise<void>,
  history: readonly Edit[] = [],
): Promise<void> {
  await using topic = await TestTopic.create(kafka);
  await topic.publish(history);
  await using dashboard = await TestDashboard.start(kafka, topic.name);
  await using browser = await launchBrowser();
  const { page, complaints } = await openTab(browser, dashboard.url);
  await use({ page, topic, url: dashboard.url });
  assertEquals(complaints, []);
  assertEquals(await dashboard.stop(), 0);
}

/** The titles of the feed, topmost first. */
export function titles(page: Page): Promise<string[]> {
  return page.$$eval(
    "#edits li:not([hidden]) .title a",
    (links) => links.map((link) => link.textContent ?? ""),
  );
}

/** Waits until the feed has these titles. */
export async function waitForTitles(page: Page, wanted: readonly string[]): Promise<void> {
  await until(() => titles(page), (found) => found.join("\n") === wanted.join("\n"));
}

/** Waits until an element has a text. */
export async function waitForText(page: Page, selector: string, wanted: RegExp): Promise<void> {
  await page.waitForFunction(
    (selector: string, wanted: string) =>
      new RegExp(wanted).test(document.querySelector(selector)?.textContent ?? ""),
    { timeout: 20_000, polling: 100 },
    selector,
    wanted.source,
  );
}
