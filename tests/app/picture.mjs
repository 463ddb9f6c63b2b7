// usage: node picture.mjs: takes docs/images/app.png anew, with the models that ./test pulled. On a machine at rest, please:
// the speeds in it are real.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openBrowser } from "./browser.mjs";
import { Ingle, TEST_HOME } from "./ingle.mjs";

const home = mkdtempSync(join(tmpdir(), "ingle-picture-"));
const here = new Ingle(home, { OLLAMA_MODELS: join(TEST_HOME, "models") });
const browser = await openBrowser(1.25);
const { page } = browser;
const button = (name) => page.getByRole("button", { name, exact: true });

async function ask(text) {
  await page.getByRole("textbox", { name: "Message", exact: true }).fill(text);
  await page.keyboard.press("Enter");
  await page.locator(".answer-foot").first().waitFor();
  await button("Send").waitFor();
}

async function set(column, label, value) {
  await button("Parameters").nth(column).click();
  await page.getByRole("dialog").getByLabel(label, { exact: true }).first().fill(value);
  await page.keyboard.press("Escape");
}

async function choose(picker, model) {
  await page.getByRole("button", { name: new RegExp(`^${picker}:`) }).click();
  await page.getByRole("menuitemradio", { name: new RegExp(`^${model}`) }).click();
}

try {
  await here.start();
  await page.goto(here.link());
  for (const title of ["A polite reminder about an overdue invoice", "What is a checksum?"]) {
    await page.keyboard.press("Alt+n");
    await set(0, "Max tokens", "40");
    await ask(title);
  }
  await page.keyboard.press("Alt+n");
  await page.keyboard.press("Alt+c");
  await choose("Model of column 1", "qwen2.5-coder:0.5b");
  await choose("Model of column 2", "qwen2.5-coder:1.5b");
  for (const column of [0, 1]) await set(column, "Temperature", "0");
  await ask(
    "Write a short Python function that checks whether a text is a valid ISO date. " +
      "Show the code, then explain it in one sentence.",
  );
  await page.mouse.move(5, 5);
  await page.screenshot({ path: fileURLToPath(new URL("../../docs/images/app.png", import.meta.url)) });
} finally {
  await browser.close();
  await here.stop();
  rmSync(home, { recursive: true, force: true });
}
