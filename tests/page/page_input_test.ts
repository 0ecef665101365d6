/** The live page under a mouse, a finger and a keyboard. */
import { assertEquals } from "@std/assert";
import type { Page } from "../support/page/browser.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { BROWSER_TEST, edit, titles, waitForText, waitForTitles, withPage } from "./live_page.ts";

const kafka = await testKafka();

Deno.test("page pauses on request, and under the mouse", BROWSER_TEST, async () => {
  await withPage(kafka, async ({ page, topic }) => {
    await topic.publish([edit({ title: "First" })]);
    await waitForTitles(page, ["First"]);
    await page.click("#pause");
    await topic.publish([edit({ title: "Second" })]);
    await waitForText(page, "#feed-note", /^Paused · 1 new$/);
    assertEquals(await titles(page), ["First"]);
    await page.click("#pause");
    await waitForTitles(page, ["Second", "First"]);
    await page.hover("#edits li .user");
    await topic.publish([edit({ title: "Third" })]);
    await waitForText(page, "#feed-note", /· 1 new$/);
    await page.mouse.move(5, 5);
    await waitForTitles(page, ["Third", "Second", "First"]);
  });
});

/** Has clicks open nothing, but note what they would have. */
function noteClicks(page: Page): Promise<void> {
  return page.evaluate(() => {
    document.addEventListener("click", (event) => {
      event.preventDefault();
      document.body.dataset.clicked = (event.target as HTMLElement).textContent ?? "";
    });
  });
}

/** The middle of the topmost title. */
function firstTitle(page: Page): Promise<{ x: number; y: number }> {
  return page.$eval("#edits li .title a", (link) => {
    link.scrollIntoView({ block: "center" });
    const { x, y, width, height } = link.getBoundingClientRect();
    return { x: x + width / 2, y: y + height / 2 };
  });
}

Deno.test("page pauses under a finger, and then continues", BROWSER_TEST, async () => {
  await withPage(kafka, async ({ page, topic }) => {
    await page.setViewport({ width: 400, height: 900, hasTouch: true, isMobile: true });
    await topic.publish([edit({ title: "First" })]);
    await waitForTitles(page, ["First"]);
    await noteClicks(page);
    const { x, y } = await firstTitle(page);
    const finger = await page.touchscreen.touchStart(x, y);
    await topic.publish([edit({ title: "Second" })]);
    await waitForText(page, "#feed-note", /· 1 new$/);
    await finger.end();
    await page.waitForSelector("body[data-clicked=First]");
    await waitForTitles(page, ["Second", "First"]);
  });
});

Deno.test("page continues after a click, when the mouse has left", BROWSER_TEST, async () => {
  await withPage(kafka, async ({ page, topic }) => {
    await topic.publish([edit({ title: "First" })]);
    await waitForTitles(page, ["First"]);
    await noteClicks(page);
    const { x, y } = await firstTitle(page);
    await page.mouse.click(x, y);
    await page.waitForSelector("body[data-clicked=First]");
    await page.mouse.move(5, 5);
    await topic.publish([edit({ title: "Second" })]);
    await waitForTitles(page, ["Second", "First"]);
  });
});

Deno.test("page can be used with a keyboard", BROWSER_TEST, async () => {
  await withPage(kafka, async ({ page, topic }) => {
    await topic.publish([edit({ title: "First" })]);
    await waitForTitles(page, ["First"]);
    const visited: string[] = [];
    while (visited.at(-1) !== "an edit" && visited.length < 50) {
      await page.keyboard.press("Tab");
      visited.push(await page.evaluate(focused));
    }
    assertEquals(visited[0], "Skip to the feed");
    const controls = [
      "pause",
      "filter-text",
      "filter-wiki",
      "filter-namespace",
      "radio",
      "an edit",
    ];
    assertEquals(visited.slice(-controls.length), controls);
    // The row under the focus must not be taken away.
    await topic.publish([edit({ title: "Second" })]);
    await waitForText(page, "#feed-note", /· 1 new$/);
    assertEquals(await titles(page), ["First"]);
  });
});

/** Returns the element of the page that has the focus. */
function focused(): string {
  const element = document.activeElement;
  if (element instanceof HTMLInputElement && element.type === "radio") return "radio";
  if (element?.closest("#edits")) return "an edit";
  return element?.id || element?.textContent || "";
}
