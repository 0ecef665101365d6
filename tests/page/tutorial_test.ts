/**
 * Follows docs/tutorial.md with the page open in a real Chromium: runs its commands, and checks
 * what each step says to look for ("On the page: …"), in the order of the text.
 */
import { assert, assertEquals } from "@std/assert";
import { withAdmin } from "../../lib/kafka/admin/with_admin.ts";
import { openCluster } from "../../lib/kafka/client/cluster.ts";
import { startKafka } from "../../lib/local/kafka/start.ts";
import { syntheticLog } from "../../lib/replay/synthetic/log.ts";
import { serveEvents } from "../../lib/replay/service/server.ts";
import {
  type Browser,
  launchBrowser,
  openTab,
  type Page,
  type Tab,
} from "../support/page/browser.ts";
import { TestDashboard } from "../support/page/dashboard.ts";
import {
  NO_SETTINGS,
  PATH_WITH_DENO,
  type Running,
  startProgram,
} from "../support/programs/program.ts";
import { fileFolder } from "../support/tools/folder.ts";
import { looks } from "../support/tools/tutorial.ts";

/** The topic of the tutorial. */
const TOPIC = "wikipedia-events";

const BROWSER_TEST = { sanitizeOps: false, sanitizeResources: false };

/** The offsets of one partition, as the page shows them. */
interface Shown {
  readonly first: number;
  readonly next: number;
}

/** Waits until `isSo`, which runs in the page, returns true. */
async function untilPage(page: Page, isSo: () => boolean): Promise<void> {
  await page.waitForFunction(isSo, { timeout: 120_000, polling: 100 }).catch(async (cause) => {
    const text = await page.$eval("body", (body) => body.innerText);
    throw new Error(`Not so: ${isSo}\n${text}`, { cause });
  });
}

function offsets(page: Page): Promise<Shown[]> {
  return page.$$eval("#partitions > li .figures > span", (spans) =>
    spans.map((span) => {
      const [first, next] = (span.textContent ?? "").split(" – ")
        .map((text) => Number(text.replaceAll(",", "")));
      return { first: first!, next: next! };
    }));
}

/** Returns the offsets when two updates of the page show the same ones, and Kafka has them. */
async function settled({ page, kafka }: Reader): Promise<Shown[]> {
  for (let before = await offsets(page);;) {
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const now = await offsets(page);
    const texts = [before, now, await offsetsIn(kafka)].map((shown) => JSON.stringify(shown));
    if (new Set(texts).size === 1) return now;
    before = now;
  }
}

/** Returns the offsets of the tutorial's topic. */
async function offsetsIn(kafka: string): Promise<Shown[]> {
  const cluster = openCluster({ brokers: kafka.split(",") });
  const partitions = await withAdmin(
    cluster,
    { action: "read the offsets" },
    (admin) => admin.fetchTopicOffsets(TOPIC),
  );
  return partitions.toSorted((a, b) => a.partition - b.partition)
    .map(({ low, high }) => ({ first: Number(low), next: Number(high) }));
}

/** Returns the numbers of partitions in the chips that a selector finds, box by box. */
function chips(page: Page, boxes: string, chip: string): Promise<number[][]> {
  return page.$$eval(
    boxes,
    (boxes, chip) =>
      boxes.map((box) =>
        [...box.querySelectorAll(chip)].map((one) => Number.parseInt(one.textContent ?? ""))
      ),
    chip,
  );
}

/** A reader of the tutorial: a shell, the page, and the previous state. */
class Reader implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #env: { readonly KAFKA_BROKERS: string; readonly EVENTSTREAMS_URL: string };
  readonly #resources = new AsyncDisposableStack();
  readonly #consumers: Running[] = [];
  #tab: Tab | undefined;
  /** The offsets after the previous step. */
  before: Shown[] = [];

  constructor(browser: Browser, kafka: string, stream: string) {
    this.#browser = browser;
    this.#env = { KAFKA_BROKERS: kafka, EVENTSTREAMS_URL: stream };
  }

  /** The addresses of the brokers. */
  get kafka(): string {
    return this.#env.KAFKA_BROKERS;
  }

  /** The page, once the step with the dashboard has opened it. */
  get page(): Page {
    return this.#tab!.page;
  }

  /** Errors and warnings of the page. */
  get complaints(): readonly string[] {
    return this.#tab?.complaints ?? ["the tutorial does not start the dashboard"];
  }

  /** Runs commands to their ends. The dashboard and consumers without a limit continue. */
  async run(commands: string): Promise<void> {
    const [, endless] = /^deno task consume (--group \S+)$/.exec(commands) ?? [];
    if (commands === "deno task dashboard") await this.#openPage();
    else if (endless !== undefined) {
      const consumer = startProgram("scripts/consume.ts", endless.split(" "), {
        env: this.#env,
        limit: 300_000,
      });
      this.#consumers.push(consumer);
      await consumer.untilLog("Reading partition");
    } else {
      const { code, stderr } = await new Deno.Command("sh", {
        args: ["-exc", commands],
        env: { ...NO_SETTINGS, PATH: PATH_WITH_DENO, ...this.#env },
        stdout: "null",
        stderr: "piped",
      }).output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
    }
  }

  /** Stops the consumer that was started first. */
  async stopOne(): Promise<void> {
    const first = this.#consumers.shift()!;
    first.kill("SIGINT");
    assertEquals((await first.ended).code, 0);
  }

  async #openPage(): Promise<void> {
    const dashboard = this.#resources.use(await TestDashboard.start(this.kafka, TOPIC));
    this.#tab = await openTab(this.#browser, new URL("kafka", dashboard.url).href);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#consumers.length > 0) await this.stopOne();
    await this.#resources.disposeAsync();
  }
}

type Check = (reader: Reader) => Promise<void>;

/** The checks of each step, by its text. */
const ONE_BROKER: Readonly<Record<string, Check>> = {
  "broker 1 has three filled chips": async ({ page }) => {
    await untilPage(page, () => document.querySelectorAll("#brokers .chip.leader").length === 3);
    assertEquals(await chips(page, "#brokers > li", ".chip.leader"), [[0, 1, 2]]);
    assertEquals(await offsets(page), Array(3).fill({ first: 0, next: 0 }));
  },
  "all three partitions grow": async (reader) => {
    reader.before = await settled(reader);
    assert(reader.before.every(({ first, next }) => first === 0 && next > 10));
    assert(sum(reader.before) >= 200);
  },
  "only one partition grows": async (reader) => {
    const now = await settled(reader);
    const grown = now.filter(({ next }, i) => next - reader.before[i]!.next > 10);
    assertEquals(grown.length, 1, JSON.stringify([reader.before, now]));
    reader.before = now;
  },
  "no number changes": async (reader) => {
    assertEquals(await settled(reader), reader.before);
  },
  "the group `readers` is Stable with one member": async ({ page }) => {
    await untilPage(page, () => {
      const text = document.querySelector<HTMLElement>("#groups [data-key=readers]")?.innerText;
      return /Stable/.test(text ?? "") && /lag 0\n/.test(text ?? "");
    });
    assertEquals(await memberChips(page), [[0, 1, 2]]);
    const marks = await page.$$eval(
      "#partitions .mark",
      (all) => all.filter((one) => one.getAttribute("title")?.startsWith("readers: ")).length,
    );
    assertEquals(marks, 3);
  },
  "the second member takes its share": async (reader) => {
    const { page } = reader;
    await untilPage(page, () => {
      const members = [...document.querySelectorAll("#groups [data-key=readers] .members > li")];
      return members.map((one) => one.querySelectorAll(".chip").length).sort().join() === "1,2";
    });
    await untilPage(page, () => {
      const text = document.querySelector<HTMLElement>("#happenings")?.innerText ?? "";
      return /joined group readers/.test(text) && /group readers rebalanced/.test(text);
    });
    assertEquals((await memberChips(page)).flat().sort(), [0, 1, 2]);
    await reader.stopOne();
    await untilPage(page, () => {
      const members = [...document.querySelectorAll("#groups [data-key=readers] .members > li")];
      return members.map((one) => one.querySelectorAll(".chip").length).join() === "3";
    });
  },
  "the first offset of each partition moves up": async (reader) => {
    const { page } = reader;
    await untilPage(page, () => {
      const rows = [...document.querySelectorAll("#partitions > li .figures > span")];
      return rows.every((row) => {
        const [first, next] = (row.textContent ?? "").split(" – ");
        return first === next && next !== "0";
      });
    });
    assertEquals(
      (await offsets(page)).map(({ next }) => next),
      reader.before.map(({ next }) => next),
    );
  },
  "the footer names `wikitap.wikipedia-events`": async (reader) => {
    const { page } = reader;
    await untilPage(
      page,
      () => document.querySelector("#producers")!.textContent!.includes("wikitap.wikipedia-events"),
    );
    const grown = sum(await settled(reader)) - sum(reader.before);
    assert(grown > 200 && grown < 300, `${grown} offsets for 200 records`);
  },
};

const THREE_BROKERS: Readonly<Record<string, Check>> = {
  "three brokers, each with three chips": async ({ page }) => {
    await untilPage(page, () =>
      document.querySelector("#label")!.textContent === "Healthy" &&
      document.querySelectorAll("#brokers .chip").length === 9);
    assertEquals(await chips(page, "#brokers > li", ".chip"), Array(3).fill([0, 1, 2]));
    assertEquals((await chips(page, "#brokers > li", ".chip.leader")).flat().sort(), [0, 1, 2]);
  },
  "broker 2 is down and has no filled chip": async ({ page }) => {
    await untilPage(page, () => {
      const happenings = document.querySelector<HTMLElement>("#happenings")!.innerText;
      return document.querySelector("#label")!.textContent === "Under-replicated" &&
        document.querySelectorAll("#brokers [data-key='2'] .chip.leader").length === 0 &&
        /broker 2 is gone/.test(happenings) && /leader 2 →/.test(happenings);
    });
    assertEquals((await chips(page, "#brokers > li", ".chip.leader")).flat().sort(), [0, 1, 2]);
  },
};

function memberChips(page: Page): Promise<number[][]> {
  return chips(page, "#groups [data-key=readers] .members > li", ".chip");
}

function sum(shown: readonly Shown[]): number {
  return shown.reduce((sum, { next }) => sum + next, 0);
}

/** Commands that the test runs itself, and those without an effect on the page. */
const NOT_RUN = /^deno task (kafka|chaos|replay|store|report)\b|^kill /;

for (
  const [nodes, headings, checks] of [
    [1, ["2", "3", "4", "5", "6", "7"], ONE_BROKER],
    [3, ["10"], THREE_BROKERS],
  ] as const
) {
  Deno.test(
    `tutorial describes what the page shows, ${nodes} broker(s)`,
    BROWSER_TEST,
    async (t) => {
      const kafka = await startKafka({
        directory: await fileFolder(),
        nodes,
        port: 0,
        heap: 256,
        // Makes retention visible within the time limit of a test.
        extraConfig: () => ({ "log.retention.check.interval.ms": 1000 }),
      });
      await using stack = new AsyncDisposableStack();
      stack.use(kafka);
      const upstream = serveEvents({ log: syntheticLog({ rate: 400 }) });
      stack.defer(() => upstream.stop());
      const browser = stack.use(await launchBrowser());
      const reader = stack.use(new Reader(browser, kafka.bootstrapServers, upstream.url));
      const left = new Set(Object.keys(checks));
      for (const { blocks, text } of await looks(headings)) {
        const says = Object.keys(checks).find((says) => text.includes(says));
        assert(says !== undefined, `no test of: ${text}`);
        const passed = await t.step(says, async () => {
          for (const block of blocks) {
            if (/^kill -9/m.test(block)) await kafka.kill(2);
            const commands = block.split("\n").filter((line) => !NOT_RUN.test(line)).join("\n");
            if (commands !== "") await reader.run(commands);
          }
          await checks[says]!(reader);
        });
        left.delete(says);
        if (!passed) return;
      }
      assertEquals([...left], [], "the tutorial does not say this");
      assertEquals(reader.complaints, []);
    },
  );
}
