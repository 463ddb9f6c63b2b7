// A page of Debian's Chromium that notes everything that should not happen, and takes pictures in three forms.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { SHOTS } from "./ingle.mjs";

const WIDE = { width: 1280, height: 800 };
const FORMS = [
  { form: "light", size: WIDE, colorScheme: "light" },
  { form: "dark", size: WIDE, colorScheme: "dark" },
  { form: "phone", size: { width: 360, height: 740 }, colorScheme: "light" },
];
export const WATCHDOG_MS = Number(process.env.INGLE_APP_WATCHDOG_MS ?? 600_000); // far beyond what anything here takes; it only ends what hangs

export async function openBrowser(deviceScaleFactor = 1) {
  mkdirSync(SHOTS, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.INGLE_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
  });
  const context = await browser.newContext({
    viewport: WIDE,
    deviceScaleFactor,
    reducedMotion: "reduce",
    locale: "en-GB",
  });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.setDefaultTimeout(WATCHDOG_MS);
  return new Browser(browser, page);
}

class Browser {
  problems = [];

  constructor(browser, page) {
    this.browser = browser;
    this.page = page;
    page.on("pageerror", (error) => this.problems.push(`uncaught: ${error.message}`));
    page.on("console", (message) => {
      // Chromium itself reports refused connections while the server restarts, and answers that are errors by design.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) this.problems.push(message.text());
    });
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (this.origin && url.protocol.startsWith("http") && url.origin !== this.origin) {
        this.problems.push(`a request to another place: ${request.url()}`);
      }
    });
    page.on("response", (response) => {
      if (response.status() >= 500) this.problems.push(`${response.status()} for ${response.url()}`);
    });
  }

  /** `name`-light.png, -dark.png and -phone.png; nothing may stick out of a narrow screen. */
  async shoot(name) {
    for (const { form, size, colorScheme } of FORMS) {
      await this.page.setViewportSize(size);
      await this.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      await this.page.screenshot({ path: join(SHOTS, `${name}-${form}.png`) });
      const sticksOut = await this.page.evaluate(() =>
        [...document.querySelectorAll("main, .page, .chat-page")].filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.className || box.id),
      );
      assert.deepEqual(sticksOut, [], `${name} is wider than the screen (${form})`);
    }
    await this.page.setViewportSize(WIDE);
    await this.page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  }

  async close() {
    await this.browser.close();
  }
}
