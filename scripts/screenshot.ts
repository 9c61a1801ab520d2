// npm run screenshot: the first screen of the report on re-injected recursion as the README shows it, drawn anew from its curves.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("..", import.meta.url));
const PLAIN = path.join(root, "data/runs/saturation");
const RUNS = [
  "data/runs/saturation-reinjected",
  ...readdirSync(PLAIN)
    .filter((name) => /^(baseline|rins-2)-/.test(name))
    .map((name) => path.join(PLAIN, name)),
];
const CONTROL = "re-injected control (A B)";
const folder = mkdtempSync(path.join(tmpdir(), "rinsight-screenshot-"));
try {
  execFileSync(
    process.execPath,
    [
      path.join(root, "dist/cli.js"),
      "report",
      ...RUNS,
      "--baseline",
      CONTROL,
      "--title",
      "Saturation study",
      "--out",
      folder,
    ],
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
