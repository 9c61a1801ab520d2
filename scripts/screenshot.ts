// npm run screenshot: the first screen of the saturation report as the README shows it, drawn anew from its curves.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), "rinsight-screenshot-"));
try {
  execFileSync(
    process.execPath,
    [path.join(root, "dist/cli.js"), "report", "data/runs/saturation", "--title", "Saturation study", "--out", folder],
    { cwd: root, stdio: ["ignore", "ignore", "inherit"] },
  );
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  const page = await browser.newPage({ viewport: { width: 1400, height: 700 }, colorScheme: "light" });
  await page.goto(pathToFileURL(path.join(folder, "index.html")).href);
  await page.waitForFunction(() => document.querySelectorAll(".answer .chart[data-drawn] svg").length === 2);
  await page.screenshot({ path: path.join(root, "docs/report.png") });
  await browser.close();
} finally {
  rmSync(folder, { recursive: true });
}
