// A report on the disk: the old or the new one at every instant, nothing of others touched, nothing left behind.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { temporaryOf } from "../../src/base/write.js";
import { checkFolder, settleFolder, writeFolder } from "../../src/report/folder.js";

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return { ...fs, renameSync: vi.fn(fs.renameSync) };
});

let folder = "";
let target = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "rinsight-report-"));
  target = path.join(folder, "x");
});
afterEach(() => rmSync(folder, { recursive: true }));

const reportOf = (contents: Record<string, string>): Map<string, string> =>
  new Map(
    Object.entries({
      ...contents,
      "manifest.json": JSON.stringify({
        kind: "rinsight-report",
        files: Object.fromEntries(Object.keys(contents).map((name) => [name, ""])),
      }),
    }),
  );
const OLD = reportOf({ "index.html": "old", "charts/a.svg": "old", "charts/gone.svg": "old" });
const NEW = reportOf({ "index.html": "new", "charts/a.svg": "new", "deep/er/b.svg": "new" });

const files = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(target, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [path.relative(target, file), readFileSync(file, "utf8")])
      .sort(),
  );
const whole = (report: Map<string, string>) => Object.fromEntries([...report].sort());

test("a report replaces an earlier one, and files that are none of its own stay", () => {
  writeFolder(target, OLD);
  expect(files()).toEqual(whole(OLD));
  writeFileSync(path.join(target, "notes.txt"), "mine");
  writeFolder(target, NEW);
  expect(files()).toEqual({ ...whole(NEW), "notes.txt": "mine" });
  expect(readdirSync(folder)).toEqual(["x"]);
});

test("killed before any rename there is a report, every file old or new, and the next command brings all of the new one", () => {
  const real = vi.mocked(renameSync).getMockImplementation();
  if (real === undefined) throw new Error("no mock");
  try {
    for (let kill = 1; ; kill++) {
      writeFolder(target, OLD);
      let renames = 0;
      vi.mocked(renameSync).mockImplementation((from, to) => {
        if (++renames === kill) throw new Error("killed");
        real(from, to);
      });
      let killed = false;
      try {
        writeFolder(target, NEW);
      } catch (error) {
        killed = error instanceof Error && error.message === "killed";
        if (!killed) throw error;
      }
      vi.mocked(renameSync).mockImplementation(real);
      for (const [name, content] of Object.entries(files())) {
        expect([OLD.get(name), NEW.get(name)]).toContain(content);
      }
      expect(files()).toHaveProperty(["index.html"]);
      const began = existsSync(`${target}.rinsight-ready`);
      settleFolder(target);
      expect(files()).toEqual(whole(began || !killed ? NEW : OLD));
      expect(readdirSync(folder)).toEqual(["x"]);
      if (!killed) {
        // To its own name, three files, the manifest.
        expect(kill).toBe(6);
        break;
      }
    }
  } finally {
    vi.mocked(renameSync).mockImplementation(real);
  }
});

test("what dead processes left is tidied; a report that a living one is writing is left to it", () => {
  const dead = temporaryOf(target).replace(`-${process.pid}-`, `-${2 ** 22 + 1}-`);
  mkdirSync(dead);
  checkFolder(target);
  expect(readdirSync(folder)).toEqual([]);
  const lock = vi.mocked(renameSync).getMockImplementation();
  vi.mocked(renameSync).mockImplementationOnce((from, to) => {
    expect(() => writeFolder(target, OLD)).toThrow(/report: .*x must have one process, got a second/);
    lock?.(from, to);
  });
  writeFolder(target, NEW);
  expect(files()).toEqual(whole(NEW));
});

test("nothing outside is written or removed through a link, and no folder of others is taken for a report", () => {
  const outside = path.join(folder, "outside");
  mkdirSync(outside);
  writeFileSync(path.join(outside, "precious.svg"), "mine");
  writeFolder(target, reportOf({ "index.html": "old", "charts/precious.svg": "old" }));
  rmSync(path.join(target, "charts"), { recursive: true });
  symlinkSync(outside, path.join(target, "charts"));
  expect(() => writeFolder(target, NEW)).toThrow(/must hold no links to other folders, got "charts\/a\.svg"/);
  expect(() => writeFolder(target, reportOf({ "index.html": "new" }))).toThrow(/no links to other folders/);
  expect(readdirSync(outside)).toEqual(["precious.svg"]);
  rmSync(target, { recursive: true });
  rmSync(`${target}.rinsight-ready`, { recursive: true });
  mkdirSync(`${target}.ready`);
  writeFileSync(path.join(`${target}.ready`, "manifest.json"), "{}");
  writeFolder(target, NEW);
  expect(readdirSync(`${target}.ready`)).toEqual(["manifest.json"]);
});

test("a folder of other things is left alone, and what cannot be written is said", () => {
  writeFileSync(path.join(folder, "precious.txt"), "mine");
  expect(() => writeFolder(folder, NEW)).toThrow(/must be a new folder/);
  // A web application has a manifest too.
  for (const manifest of ['{"name": "my app"}', "null", "[", '{"kind": "other", "files": null}']) {
    writeFileSync(path.join(folder, "manifest.json"), manifest);
    expect(() => writeFolder(folder, NEW)).toThrow(/must be a new folder/);
    expect(readFileSync(path.join(folder, "manifest.json"), "utf8")).toBe(manifest);
  }
  rmSync(path.join(folder, "manifest.json"));
  writeFolder(target, NEW);
  for (const bad of [path.join(target, "index.html/x"), "/proc/rinsight/x"]) {
    expect(() => checkFolder(bad)).toThrow(/^write: .* must be writable, got .*; .*--out$/);
  }
  checkFolder(path.join(folder, "new/report"));
  expect(readdirSync(folder).sort()).toEqual(["precious.txt", "x"]);
  expect(readFileSync(path.join(folder, "precious.txt"), "utf8")).toBe("mine");
});
