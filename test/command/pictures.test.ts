// The page of pictures and the demo that writes it.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { bitmap, picturePage } from "../../src/command/picture-page.js";
import type { Pictures } from "../../src/train/image/pictures.js";
import { temporaryFolder } from "../train/tiny.js";

test("a bitmap is that of the format: bottom row first, blue before red, rows of whole words", () => {
  // Red, green; blue, white.
  const pixels = Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]);
  const file = bitmap(pixels, { side: 2, patch: 1, channels: 3 });
  expect(file.length).toBe(54 + 2 * 8);
  expect(file.toString("latin1", 0, 2)).toBe("BM");
  expect([2, 10, 14, 18, 22].map((at) => file.readUInt32LE(at))).toEqual([70, 54, 40, 2, 2]);
  expect([...file.subarray(54)]).toEqual([255, 0, 0, 255, 255, 255, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0]);
  const grey = bitmap(Uint8Array.from([7]), { side: 1, patch: 1, channels: 1 });
  expect([...grey.subarray(54)]).toEqual([7, 7, 7, 0]);
});

const entry = (set: string, concept: number, name: string, trainedOnly: boolean) => ({
  set,
  concept,
  name,
  trainedOnly,
});
const PICTURES: Pictures = {
  kind: "pictures",
  name: "emoji",
  hash: "",
  set: {
    name: "emoji",
    classes: [],
    concepts: [
      { name: "A & <B>", keys: [], tags: ["one", "two"], class: null },
      { name: "fox", keys: [], tags: [], class: null },
    ],
    entries: [entry("noto", 0, "A & <B>", false), entry("noto", 0, "tone of A", true), entry("noto", 1, "fox", false)],
    unseenSet: null,
  },
  tokenizer: {
    kind: "byte",
    vocabulary: 256,
    hash: "",
    merges: [],
    encode: () => new Uint16Array(0),
    decode: () => "",
  },
  training: [[0, 1]],
  more: [],
  heldOut: [[2]],
  unseenHand: [],
  pixels: (picture) => Uint8Array.from([picture, picture, picture]),
  captionsOf: () => [],
  encoded: () => new Int32Array(0),
  classOf: () => 0,
  close: () => {},
};

test("the page shows what is trained on and what comes nearest, names escaped, nothing from elsewhere", () => {
  const page = picturePage(
    PICTURES,
    { side: 1, patch: 1, channels: 3 },
    [
      { picture: 2, name: "fox", nearest: ["fox", "A & <B>"], rank: 0 },
      { picture: 2, name: "fox", nearest: ["A & <B>", "fox"], rank: 6 },
    ],
    "baseline <1>",
  );
  expect(page).toContain("baseline &#60;1&#62;");
  expect(page).toContain("<figcaption>A &#38; &#60;B&#62;: one two</figcaption>");
  expect(page).not.toContain("<B>");
  expect(page).not.toContain('alt="tone of A"');
  expect(page).toContain("Of these 2, spread evenly and not chosen, 1 are right.");
  expect(page).toContain("<strong>fox</strong><br>A &#38; &#60;B&#62;</td><td>1</td>");
  expect(page).toContain("A &#38; &#60;B&#62;<br><strong>fox</strong></td><td>7</td>");
  for (const [, source = ""] of page.matchAll(/(?:src|href)="([^"]*)"/g))
    expect(source).toMatch(/^data:|^index\.html$/);
  for (const image of page.match(/<img [^>]*>/g) ?? []) expect(image).toMatch(/alt="[^"]+"/);
});

const cli = path.resolve(import.meta.dirname, "../../dist/cli.js");

test("the demo trains towers, reports and shows pictures; run again, it trains nothing", () => {
  const folder = temporaryFolder();
  const demo = () =>
    spawnSync(process.execPath, [cli, "demo", "--task", "image-text", "--size", "smoke"], {
      cwd: folder,
      encoding: "utf8",
    });
  const { status, stdout, stderr } = demo();
  expect(status, stderr).toBe(0);
  expect(stdout).toContain(path.join("reports", "image-text-smoke", "index.html"));
  const file = path.join("reports", "image-text-smoke", "pictures.html");
  expect(stderr).toContain(file);
  const page = readFileSync(path.join(folder, file), "utf8");
  const report = path.join(folder, "reports/image-text-smoke");
  expect(readFileSync(path.join(report, "index.html"), "utf8")).toContain('<a href="pictures.html">');
  expect(spawnSync(process.execPath, [cli, "verify", report], { cwd: folder, encoding: "utf8" }).status).toBe(0);
  expect(page.match(/<figure>/g)?.length).toBe(24);
  expect(page.match(/<tr><td>/g)?.length).toBe(24);
  const again = demo();
  expect(again.stderr).toContain("4 runs in data/runs/image-text-smoke, 0 to do");
  expect(readFileSync(path.join(folder, file), "utf8")).toBe(page);
}, 240_000);

test.each(["../x.html", "javascript:alert(1)", "x.html?y", ".html"])("a report links to no %s", (name) => {
  const { status, stderr } = spawnSync(process.execPath, [cli, "report", "x.csv", "--see", name], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^report --see: must be the name of a page beside the report.*; name the file alone\n$/);
});

test("a task that is none is refused in one line", () => {
  const run = () =>
    execFileSync(process.execPath, [cli, "demo", "--task", "audio"], { encoding: "utf8", stdio: "pipe" });
  expect(run).toThrow(/demo --task: must be one of language, image-text, got "audio"; choose one/);
});
