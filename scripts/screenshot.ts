// npm run screenshot: the first screen of the report on re-injected recursion, as the README shows it.
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("..", import.meta.url));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 700 }, colorScheme: "light" });
  await page.goto(pathToFileURL(path.join(root, "reports/2026-11-27_saturation-reinjected/index.html")).href);
  await page.waitForFunction(() => document.querySelectorAll(".answer .chart[data-drawn] svg").length === 2);
  await page.screenshot({ path: path.join(root, "docs/report.png") });
} finally {
  await browser.close();
}
