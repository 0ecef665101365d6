import chromium from "@sparticuz/chromium";
import puppeteer, { type Browser } from "puppeteer-core";

/** Where Linux distributions put a browser of their own. */
const SYSTEM_BROWSERS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/**
 * A real Chromium without a window: the system's where there is one, else the one inside of an npm
 * package, which is unpacked to the temporary folder the first time.
 */
export async function launchBrowser(): Promise<Browser> {
  const system = SYSTEM_BROWSERS.find(isFile);
  return await puppeteer.launch({
    executablePath: system ?? await chromium.executablePath(),
    headless: "shell",
    // As root, and in containers, Chromium does not start with its sandbox.
    // Without a language in the environment it calls itself "en-US@posix", which is no language.
    env: { LANG: "en_US.UTF-8" },
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en-US"],
    defaultViewport: { width: 1440, height: 1000 },
  });
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
