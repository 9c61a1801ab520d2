// The page in a real Chromium, with scheme names that mean harm: every chart is drawn, nothing runs, nothing is asked for.
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { buildReport } from "../../src/report/build.js";
import { REFERENCE, simulatedSource } from "./simulated.js";

const HOSTILE = [
  '</script><script>window.fired="script"</script>',
  "\"'><img src=x onerror=window.fired=1>",
  "datum.x; window.fired = 1 || alert(1) {{constructor}}",
  "\u202eevil\u2066 right to left",
  "x".repeat(10_000),
  "__proto__ $" + "{window.fired=1} `|` $\\alpha$",
];

function browserPath(): string | null {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const found = names.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  return [process.env.CHROMIUM_PATH ?? "", ...found].find((file) => file !== "" && runs(file)) ?? null;
}

function runs(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const executablePath = browserPath();

test.skipIf(executablePath === null)(
  `hostile names neither run nor break the page${executablePath === null ? " (skipped: no Chromium; set CHROMIUM_PATH)" : ""}`,
  async () => {
    const source = simulatedSource({ ...REFERENCE, labels: HOSTILE });
    const report = await buildReport(source, { title: "</title><script>fired=1</script>", bootstrap: 50 }, {});
    const folder = mkdtempSync(path.join(tmpdir(), "rinsight-page-"));
    const browser = await chromium.launch({
      executablePath: executablePath ?? "",
      args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    });
    try {
      const file = path.join(folder, "index.html");
      writeFileSync(file, report.files.get("index.html") ?? "");
      const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
      const heard: string[] = [];
      page.on("console", (message) => heard.push(`console: ${message.text()}`));
      page.on("pageerror", (error) => heard.push(`error: ${error.message}`));
      page.on("dialog", (dialog) => heard.push(`dialog: ${dialog.message()}`));
      page.on("request", (request) => {
        if (request.url() !== pathToFileURL(file).href && request.url() !== "data:,")
          heard.push(`request: ${request.url()}`);
      });
      await page.goto(pathToFileURL(file).href);
      const charts = [...report.files.keys()].filter((name) => name.endsWith(".svg")).length;
      await page.waitForFunction(
        (count) => document.querySelectorAll(".chart[data-drawn] svg").length === count,
        charts,
        { timeout: 30_000 },
      );
      const point = page.locator("#loss-tokens .mark-symbol path").first();
      await point.hover({ force: true });
      expect(await page.evaluate(() => "fired" in window)).toBe(false);
      expect(await page.locator("img").count()).toBe(0);
      expect(await page.title()).toBe("</title><script>fired=1</script>");
      expect(heard).toEqual([]);
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true });
    }
  },
);
