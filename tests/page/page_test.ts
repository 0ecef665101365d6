/** The live page in a real Chromium, fed from a topic of a real Kafka by the real program. */
import { assert, assertEquals } from "@std/assert";
import axe, { type AxeResults } from "npm:axe-core@4.14.1";
import type { Page } from "../support/page/browser.ts";
import { hourOfEdits, inventEdit } from "../support/stream/edits.ts";
import { HOSTILE } from "../support/tools/hostile.ts";
import { testKafka } from "../support/kafka/kafka.ts";
import { BROWSER_TEST, edit, titles, waitForText, waitForTitles, withPage } from "./live_page.ts";

const kafka = await testKafka();

/** Pictures of the page are kept here, to be looked at. */
const SCREENSHOTS = ".local/screenshots";

Deno.test("page shows edits that were just produced, with links", BROWSER_TEST, async () => {
  await withPage(kafka, async ({ page, topic }) => {
    await waitForText(page, "#label", /^Waiting$/);
    await topic.publish([
      edit({ title: "Glacier (ice)", user_type: "bot", old_length: null, new_length: 1234 }),
      edit({ title: "Talk:Moth?", user_name: null, old_length: 1500, new_length: 300 }),
    ]);
    await page.waitForSelector("#edits li:nth-child(2):not([hidden])");
    await waitForText(page, "#label", /^Live$/);
    const rows = await page.$$eval(
      "#edits li:not([hidden])",
      (items) => items.map((item) => (item as HTMLElement).innerText.replace(/\s+/g, " ")),
    );
    assert(/Glacier \(ice\) ?new Tomte ?bot \+1,234/.test(rows.join()), rows.join());
    assert(/Talk:Moth\? name withheld −1,200/.test(rows.join()), rows.join());
    const links = await page.$$eval("#edits a[href]", (all) => all.map((a) => a.href).sort());
    assertEquals(links, [
      "https://en.wikipedia.org/wiki/Glacier_(ice)",
      "https://en.wikipedia.org/wiki/Talk:Moth%3F",
    ]);
    await waitForText(page, "#total", /^2$/);
    await waitForText(page, "#wikis", /en\.wikipedia2/);
    await waitForText(page, "#biggest", /Glacier.*1,234.*Moth.*−1,200/);
  });
});

Deno.test(
  "page counts the last hour by record time, without invalid records",
  BROWSER_TEST,
  async () => {
    const now = Date.now();
    const at = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
    const history = [
      ...Array.from({ length: 40 }, () => edit({ timestamp: at(70), title: "Too old" })),
      ...Array.from({ length: 300 }, (_, n) => edit({ timestamp: at(50 - n / 10) })),
      edit({ timestamp: at(9), title: "The last one" }),
    ];
    await withPage(kafka, async ({ page, topic }) => {
      await waitForText(page, "#total", /^301$/);
      assertEquals((await titles(page))[0], "The last one");
      await topic.publishValue("<junk>");
      await waitForText(page, "#junk", /^1 of them were not edits/);
      await page.waitForSelector("#chart canvas");
      assertEquals((await page.$$("#chart-table tr")).length, 12);
    }, history);
  },
);

Deno.test("page filters by text, wiki, namespace and bots", BROWSER_TEST, async () => {
  await withPage(kafka, async ({ page, topic }) => {
    await page.waitForSelector("#empty, #feed-empty:not([hidden])");
    for (
      const changed of [
        { title: "Alpha", domain: "de.wikipedia.org" },
        { title: "Talk:Alpha", namespace: "Talk", user_name: "Quill" },
        { title: "Beta", user_type: "bot", user_name: "TidyBot" },
      ] as const
    ) {
      await topic.publish([edit(changed)]);
      await page.waitForFunction(
        (title: string) => document.querySelector("#edits")?.textContent?.includes(title),
        {},
        changed.title,
      );
    }
    await page.mouse.move(5, 5);
    const all = ["Beta", "Talk:Alpha", "Alpha"];
    await waitForTitles(page, all);
    await page.type("#filter-text", "alpha");
    await waitForTitles(page, ["Talk:Alpha", "Alpha"]);
    await page.select("#filter-namespace", "Talk");
    await waitForTitles(page, ["Talk:Alpha"]);
    await page.click("#clear");
    await waitForTitles(page, all);
    await page.click("[name=who][value=bots]");
    await waitForTitles(page, ["Beta"]);
    await page.click("[name=who][value=humans]");
    await waitForTitles(page, ["Talk:Alpha", "Alpha"]);
    await page.click("#clear");
    await page.type("#filter-text", "tidy");
    await waitForTitles(page, ["Beta"]);
    await page.click("#clear");
    await page.type("#filter-wiki", "de.wiki");
    await waitForTitles(page, ["Alpha"]);
    await topic.publish([
      edit({ title: "Gamma", domain: "de.wikipedia.org" }),
      edit({ title: "Delta" }),
    ]);
    await waitForTitles(page, ["Gamma", "Alpha"]);
    await page.click("#clear");
    // Before the last edits are counted, the rows may still move between the look and the click.
    await waitForText(page, "#users", /^Tomte3(Quill1TidyBot1|TidyBot1Quill1)/);
    await page.click("#users button[data-value=Quill]");
    await waitForTitles(page, ["Talk:Alpha"]);
    await page.type("#filter-text", " is no name");
    await waitForText(page, "#feed-empty:not([hidden])", /^No edit matches/);
  });
});

Deno.test(
  "page shows hostile titles and names as text, in the same layout",
  BROWSER_TEST,
  async () => {
    const hostile = Object.values(HOSTILE);
    await withPage(kafka, async ({ page, topic }) => {
      await topic.publish([
        ...hostile.map((text) => edit({ title: text, user_name: text, namespace: text })),
        edit({ title: "x", domain: "evil.example/path?<script>" }),
        edit({ title: "x", domain: "javascript:alert(1)//" }),
      ]);
      await waitForText(page, "#junk", /^2 of them/);
      await page.waitForSelector("#pages li:nth-child(7):not([hidden])");
      const shown = (await titles(page)).map((title) => title.toWellFormed());
      for (const text of hostile) {
        const cut = text.length > 512 ? `${text.slice(0, 511)}…` : text;
        assert(shown.includes(cut.toWellFormed()), cut);
      }
      const found = await page.evaluate(() => ({
        scripts: document.querySelectorAll("script").length,
        intruders: document.querySelectorAll("main img, main script, main style").length,
        links: [...document.querySelectorAll("main a[href]")].map((a) =>
          (a as HTMLAnchorElement).href
        ),
        heights: new Set([...document.querySelectorAll("#edits li:not([hidden])")].map((li) =>
          Math.round(li.getBoundingClientRect().height)
        )).size,
      }));
      assertEquals(
        {
          ...found,
          links: found.links.filter((href) =>
            !href.startsWith("https://en.wikipedia.org/wiki/")
          ).length,
        },
        { scripts: 2, intruders: 0, links: 0, heights: 1 },
      );
      assertEquals(await isTooWide(page), false);
      // Marks of direction must not reach beyond the name that holds them.
      const isolated = await page.$$eval(
        "#edits .title a, #edits bdi, #users .name, #pages .name",
        (all) =>
          all.every((element) =>
            getComputedStyle(element).unicodeBidi.includes("isolate")
          ),
      );
      assert(isolated);
    });
  },
);

/** Names and sizes of the views that are checked and pictured, each in light and dark. */
const VIEWS = { wide: [1440, 1000], tablet: [820, 1100], phone: [390, 844] } as const;

Deno.test(
  "page is accessible and fits in all sizes and color schemes",
  BROWSER_TEST,
  async () => {
    await withPage(kafka, async ({ page, topic }) => {
      await Deno.mkdir(SCREENSHOTS, { recursive: true });
      await page.evaluate(axe.source);
      await topic.publish(
        Array.from({ length: 60 }, (_, n) => inventEdit(n, Date.now() - n * 150)),
      );
      await waitForText(page, "#label", /^Live$/);
      await waitForText(page, "#total", /^\d\d,\d\d\d$/);
      for (const [name, [width, height]] of Object.entries(VIEWS)) {
        await page.setViewport({ width, height, deviceScaleFactor: 2 });
        for (const scheme of ["light", "dark"]) {
          await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
          await page.screenshot({ path: `${SCREENSHOTS}/${name}-${scheme}.png` });
          assertEquals([name, scheme, ...await violations(page)], [name, scheme]);
        }
        await page.screenshot({ path: `${SCREENSHOTS}/${name}-whole.png`, fullPage: true });
        assertEquals([name, await isTooWide(page)], [name, false]);
      }
    }, hourOfEdits());
  },
);

/** Returns the findings of axe: the rule, and the first element that breaks it. */
function violations(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResults> } };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
}

function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
}

Deno.test("page does not move its content when edits arrive", BROWSER_TEST, async () => {
  await withPage(kafka, async ({ page, topic }) => {
    await page.evaluate(() => {
      const moved: number[] = [];
      Object.assign(globalThis, { moved });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          moved.push((entry as unknown as { value: number }).value);
        }
      }).observe({ type: "layout-shift" });
    });
    for (let n = 0; n < 30; n++) {
      await topic.publish(Array.from({ length: 10 }, (_, k) => inventEdit(n * 10 + k, Date.now())));
    }
    await waitForText(page, "#total", /^300$/);
    const moved = await page.evaluate(() => (globalThis as unknown as { moved: number[] }).moved);
    // Tags follow names of any length; the limit of what counts as steady is 0.1.
    assert(moved.reduce((sum, value) => sum + value, 0) < 0.01, moved.join(", "));
  });
});
