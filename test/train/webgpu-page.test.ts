// The training page in a real Chromium, on its own WebGPU: the second implementation that the kernels run on. Its
// first steps are those of the wasm backend here.
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { serveSweep } from "../../src/report/serve.js";
import { fullRounds } from "../../src/scheme/applications.js";
import { loadBackend } from "../../src/train/backend.js";
import { initialState, learner } from "../../src/train/learner.js";
import { demoRuns, LEARNING_RATE, toyBatch } from "../../src/train/webgpu/demo.js";

const executablePath = [process.env.CHROMIUM_PATH ?? "", "/usr/bin/chromium"].find((file) => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

/** SwiftShader in Chromium, without the zeroing of workgroup memory that it takes seconds to compile. */
const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-background-networking",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-dawn-features=disable_workgroup_init",
];

test.skipIf(executablePath === undefined)(
  "the page trains in a browser as wasm trains here, and asks for nothing else",
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "rinsight-live-"));
    const server = await serveSweep(folder, 0);
    const browser = await chromium.launch({ executablePath: executablePath ?? "", args: ARGUMENTS });
    try {
      expect((await fetch(`${server.url}modules/train/trainer.js`)).status).toBe(404);
      expect((await fetch(`${server.url}modules/../package.json`)).status).toBe(404);
      const page = await browser.newPage();
      const heard: string[] = [];
      page.on("console", (message) => heard.push(message.text()));
      page.on("pageerror", (error) => heard.push(error.message));
      page.on("request", (request) => {
        if (!request.url().startsWith(server.url) && request.url() !== "data:,") heard.push(request.url());
      });
      await page.goto(`${server.url}live`);
      await page.waitForFunction(
        () => [...document.querySelectorAll("tbody tr")].filter((row) => row.getAttribute("data-losses")).length === 2,
        undefined,
        { timeout: 150_000 },
      );
      const rows = await page.$$eval("tbody tr", (found) => found.map((row) => row.getAttribute("data-losses") ?? ""));
      await page.click("#stop");
      expect(heard).toEqual([]);
      const backend = await loadBackend("wasm");
      for (const [i, trained] of demoRuns().entries()) {
        const got = (rows[i] ?? "").split(" ").map(Number);
        expect(got.length).toBeGreaterThanOrEqual(4);
        const model = learner(backend, trained, initialState(trained));
        const batches = random("toy text");
        for (const _ of got) await model.step(toyBatch(batches), LEARNING_RATE, fullRounds(trained.scheme), random(0));
        const want = await model.losses();
        model.dispose();
        got.forEach((loss, step) => {
          expect(Math.abs(loss / (want[step] ?? 0) - 1), `${trained.scheme.label}, step ${step}`).toBeLessThan(1e-3);
        });
      }
    } finally {
      await browser.close();
      server.close();
      rmSync(folder, { recursive: true });
    }
  },
);
