// The page in a real Chromium: with scheme names that mean harm every chart is drawn, nothing runs, nothing is asked for;
// axe finds nothing serious, a scheme is marked everywhere at once, and tables sort.
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect, test } from "vitest";
import { buildReport, type Report } from "../../src/report/build.js";
import { fractalReport } from "../../src/report/fractal/page.js";
import { manySource, REFERENCE, simulatedSource } from "./simulated.js";

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
const withBrowser = test.skipIf(executablePath === null);
const reason = executablePath === null ? " (skipped: no Chromium; set CHROMIUM_PATH)" : "";

const launch = () =>
  chromium.launch({
    executablePath: executablePath ?? "",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });

/** Opens a report's page and hands it over; the browser and the file are gone afterwards. */
async function onPage(
  report: Pick<Report, "files">,
  options: BrowserContextOptions,
  look: (page: Page) => Promise<void>,
) {
  const folder = mkdtempSync(path.join(tmpdir(), "rinsight-page-"));
  const browser = await launch();
  try {
    const file = path.join(folder, "index.html");
    writeFileSync(file, report.files.get("index.html") ?? "");
    const page = await browser.newPage(options);
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector(".chart[data-drawn] svg", { timeout: 30_000 });
    await look(page);
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe calls serious or worse, with the element that it is about. */
async function serious(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  return page.evaluate(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html.slice(0, 200))))`);
}

withBrowser.each([
  ["six schemes", 6, 1400, "light"],
  ["six schemes", 6, 400, "dark"],
  ["twelve schemes", 12, 1400, "dark"],
  ["forty schemes", 40, 1000, "light"],
  ["forty schemes", 40, 400, "dark"],
] as const)(
  `axe finds nothing serious and nothing sticks out, on screen and on paper: %s, %i, %i px, %s${reason}`,
  async (_, schemes, width, colorScheme) => {
    const source = schemes === 6 ? simulatedSource() : manySource(schemes);
    const report = await buildReport(source, { title: "Audited", bootstrap: 0 }, {});
    await onPage(report, { viewport: { width, height: 900 }, colorScheme }, async (page) => {
      await page.evaluate(() => {
        for (const details of document.querySelectorAll("section > details")) details.setAttribute("open", "");
      });
      expect(await serious(page)).toEqual([]);
      const sticksOut = () => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      expect(await sticksOut()).toBe(false);
      // A4 between margins of a centimetre; no column may be cut off there, so nothing scrolls.
      await page.setViewportSize({ width: 718, height: 1000 });
      await page.emulateMedia({ media: "print" });
      expect(await sticksOut()).toBe(false);
    });
  },
);

withBrowser.each([
  [1400, "light"],
  [400, "dark"],
] as const)(
  `the page of long-range structure draws every chart and axe finds nothing serious: %i px, %s${reason}`,
  async (width, colorScheme) => {
    const shipped = JSON.parse(readFileSync("reports/2026-11-26_fractal/analysis.json", "utf8"));
    const { html, charts } = fractalReport(shipped, "Six texts", shipped.gain);
    await onPage(
      { files: new Map([["index.html", html]]) },
      { viewport: { width, height: 900 }, colorScheme },
      async (page) => {
        for (const chart of await page.locator("figure .chart").all()) {
          await chart.scrollIntoViewIfNeeded();
          await chart.and(page.locator("[data-drawn]")).locator("svg").waitFor();
        }
        expect(await page.locator(".chart[data-drawn] svg").count()).toBe(charts.length);
        expect(await serious(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      },
    );
  },
);

withBrowser(
  `a scheme is marked in charts and table alike, by pointer, keyboard and search; the table sorts${reason}`,
  async () => {
    const twelve = await buildReport(manySource(12), { title: "Twelve", bootstrap: 0 }, {});
    await onPage(twelve, { viewport: { width: 1400, height: 900 } }, async (page) => {
      await page.fill("#search", "s7");
      await page.waitForSelector('tr.marked[data-scheme="s7"]');
      const coloured = page.locator('#loss-tokens path[fill="#d55e00"][aria-label*="scheme: s7;"]');
      await coloured.first().waitFor({ state: "attached" });
      await page.keyboard.press("Escape");
      await page.waitForSelector("tr.marked", { state: "detached" });
      const button = page.locator(".chips button").first();
      await button.focus();
      await page.keyboard.press("Enter");
      expect(await button.getAttribute("aria-pressed")).toBe("true");
      await page.getByRole("button", { name: /^loss at / }).click();
      const losses = await page.locator("[data-sorts] tbody td:nth-child(4)").allTextContents();
      expect(losses.map(Number)).toEqual(losses.map(Number).sort((a, b) => a - b));
      await page.fill("#filter", "s11");
      expect(await page.locator("[data-sorts] tbody tr:visible").count()).toBe(1);
    });
  },
);

withBrowser.each([
  ["a sweep of six schemes", 6],
  ["300 schemes", 300],
] as const)(
  `the first chart of %s takes under a second of the page's thread; one further down is drawn when it comes into view${reason}`,
  async (_, schemes) => {
    const source = schemes === 6 ? simulatedSource() : manySource(schemes);
    const { files } = await buildReport(source, { title: "Timed", bootstrap: 0 }, {});
    const folder = mkdtempSync(path.join(tmpdir(), "rinsight-page-"));
    const browser = await launch();
    try {
      writeFileSync(path.join(folder, "index.html"), files.get("index.html") ?? "");
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
      // Nothing is drawn when idle; and after the first chart nothing more until the page is let go.
      await page.addInitScript(() => {
        const { setTimeout } = window;
        const held: (() => void)[] = [];
        Object.assign(window, {
          requestIdleCallback: () => 0,
          setTimeout: (go: () => void, ms?: number) =>
            document.querySelector("[data-drawn]") === null ? setTimeout(go, ms) : held.push(go),
          letGo: () => {
            window.setTimeout = setTimeout;
            for (const go of held.splice(0)) go();
          },
        });
      });
      const session = await page.context().newCDPSession(page);
      // Processor time of the page's main thread: the same however busy the machine is.
      await session.send("Performance.enable", { timeDomain: "threadTicks" });
      await page.goto(pathToFileURL(path.join(folder, "index.html")).href);
      const drawn = page.locator(".chart[data-drawn] svg");
      await drawn.first().waitFor({ state: "attached" });
      const { metrics } = await session.send("Performance.getMetrics");
      expect(metrics.find(({ name }) => name === "TaskDuration")?.value).toBeLessThan(1);
      expect(await drawn.count()).toBe(1);
      await page.evaluate("letGo()");
      const last = page.locator(".chart").last();
      expect(await last.getAttribute("data-drawn")).toBe(null);
      await last.scrollIntoViewIfNeeded();
      await last.locator("svg").waitFor({ state: "attached" });
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true });
    }
  },
  300_000,
);

withBrowser(`hostile names neither run nor break the page${reason}`, async () => {
  const source = simulatedSource({ ...REFERENCE, labels: HOSTILE });
  const report = await buildReport(source, { title: "</title><script>fired=1</script>", bootstrap: 50 }, {});
  const folder = mkdtempSync(path.join(tmpdir(), "rinsight-page-"));
  const browser = await launch();
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
});
