import { tmpdir } from "node:os";
import chromium from "npm:@sparticuz/chromium@153.0.0";
import puppeteer, { type Browser, type Page } from "npm:puppeteer-core@25.16.0";

export type { Browser, Page };

/** The paths of browsers in Linux distributions. */
const SYSTEM_BROWSERS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/**
 * Starts a real Chromium without a window: the system's if there is one, otherwise that of an npm
 * package, which is unpacked to the temporary folder the first time.
 */
export async function launchBrowser(): Promise<Browser> {
  const system = SYSTEM_BROWSERS.find(isFile);
  return await puppeteer.launch({
    executablePath: system ?? await unpacked(),
    headless: "shell",
    // For root, and in containers, Chromium does not start with its sandbox.
    // Without a language in the environment, it uses "en-US@posix", which is not a language.
    env: { LANG: "en_US.UTF-8" },
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en-US"],
    defaultViewport: { width: 1440, height: 1000 },
  });
}

/** Returns the path of the package's browser. Another process may be unpacking it: waits for that. */
async function unpacked(): Promise<string> {
  using file = await Deno.open(`${tmpdir()}/chromium.lock`, { create: true, write: true });
  await file.lock(true);
  return await chromium.executablePath();
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** A tab, and the errors of its page. */
export interface Tab {
  readonly page: Page;
  /** Errors and warnings of the console, and uncaught exceptions. */
  readonly complaints: string[];
}

/** Opens a page in a new tab. */
export async function openTab(browser: Browser, url: string): Promise<Tab> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(url);
  return { page, complaints };
}
