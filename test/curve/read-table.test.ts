// Tables in every format and encoding read alike; run files are checked line by line; groups and reasons are right.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { stringify } from "csv-stringify/sync";
import { afterAll, describe, expect, test } from "vitest";
import { observe } from "../../src/curve/observe.js";
import { parseRun } from "../../src/curve/read/read-run.js";
import { readTable } from "../../src/curve/read/read-table.js";
import { type Table, tableOf } from "../../src/curve/table.js";
import { runLines } from "./run-lines.js";

const scratch = mkdtempSync(path.join(tmpdir(), "rinsight-read-"));
afterAll(() => rmSync(scratch, { recursive: true }));

let files = 0;
function written(content: string | Uint8Array, ending = "csv"): string {
  const file = path.join(scratch, `${files++}.${ending}`);
  writeFileSync(file, content);
  return file;
}
const values = (table: Table, name: string): (number | string)[] => {
  const column = table.columns.get(name);
  return column === undefined ? [] : [...column.values];
};
const read = async (content: string | Uint8Array, ending?: string): Promise<Table> =>
  (await readTable([written(content, ending)])).table;

const RECORDS = [
  { tokens: 1e6, loss: 3.25, scheme: "ab" },
  { tokens: 2e6, loss: 3.125, scheme: "ab" },
  { tokens: 1e6, loss: null, scheme: "rins, r=3" },
];
const CSV = stringify(RECORDS, { header: true });

describe("one table, however it is written", () => {
  test.each<[string, string | Uint8Array]>([
    ["quoted CSV (by csv-stringify)", CSV],
    ["plain TSV", stringify(RECORDS, { header: true, delimiter: "\t" }).replaceAll('"', "")],
    ["semicolons", stringify(RECORDS, { header: true, delimiter: ";" }).replaceAll('"', "")],
    ["CRLF", CSV.replaceAll("\n", "\r\n")],
    [
      "old Mac line ends",
      stringify(RECORDS, { header: true, delimiter: ";" }).replaceAll('"', "").replaceAll("\n", "\r"),
    ],
    ["byte order mark", `\ufeff${CSV}`],
    ["blank lines", CSV.replaceAll("\n", "\n\n")],
    ["gzip", gzipSync(CSV)],
    ["UTF-16 little-endian", Buffer.from(`\ufeff${CSV}`, "utf16le")],
    ["UTF-16 big-endian", Buffer.from(`\ufeff${CSV}`, "utf16le").swap16()],
    ["JSON lines", RECORDS.map((record) => JSON.stringify(record)).join("\n")],
    ["JSON lines with Python's NaN", RECORDS.map((record) => JSON.stringify(record).replace("null", "NaN")).join("\n")],
    ["a JSON list", JSON.stringify(RECORDS, null, 2)],
  ])("%s", async (_name, content) => {
    const table = await read(content);
    expect(values(table, "tokens")).toEqual([1e6, 2e6, 1e6]);
    expect(values(table, "loss")).toEqual([3.25, 3.125, Number.NaN]);
    expect(values(table, "scheme")).toEqual(["ab", "ab", "rins, r=3"]);
  });

  test("UTF-16 is said, and lines are counted as an editor does", async () => {
    const { notes } = await readTable([written(Buffer.from(`\ufeff${CSV}`, "utf16le"))]);
    expect(notes.join()).toMatch(/UTF-16LE/);
    const table = await read('a,b\n"x\ny",1\n\nz,2\n');
    expect([0, 1].map((row) => table.place?.(row).replace(/.* /, ""))).toEqual(["3", "5"]);
  });

  test("numbers as people and tools write them", async () => {
    const table = await read("a\n1e-3\n .5\n+2\n1E6\n-0\n007\n");
    expect(values(table, "a")).toEqual([0.001, 0.5, 2, 1e6, -0, 7]);
    expect(values(await read("a,b\n0x10,1\n7,2\n"), "a")).toEqual(["0x10", "7"]);
  });

  test("several tables are stacked, the same content once", async () => {
    const [first, second] = [written("tokens,loss\n1,2\n"), written("tokens,loss,seed\n3,4,1\n")];
    const { table, notes } = await readTable([first, second, first]);
    expect(values(table, "seed")).toEqual([Number.NaN, 1]);
    expect(values(table, "file")).toEqual([path.basename(first), path.basename(second)]);
    expect(table.place?.(1)).toBe(`${second} line 2`);
    expect(notes.join()).toMatch(/passed over/);
  });
});

describe("run files", () => {
  test("a folder: schemes, horizons and seeds; unfinished and diverged runs are left out with the reason", async () => {
    const folder = path.join(scratch, "runs");
    mkdirSync(folder);
    const sketches = [
      { id: "a0", seed: 0 },
      { id: "a1", seed: 1 },
      { id: "b0", scheme: "baseline", label: "baseline (A B)", status: "diverged" as const },
      { id: "b1", scheme: "baseline", label: "baseline (A B)", seed: 1 },
      { id: "b2", scheme: "baseline", label: "baseline (A B)", seed: 2, status: null },
    ];
    for (const sketch of sketches)
      writeFileSync(path.join(folder, `${sketch.id}.jsonl`), `${runLines(sketch).join("\n")}\n`);
    writeFileSync(path.join(folder, "times.jsonl"), '{"step":1,"seconds":2}\n');
    const { table, runs, notes } = await readTable([folder]);
    expect(runs.map((run) => run.header.id)).toEqual(["a0", "a1", "b0", "b1", "b2"]);
    expect(notes.join()).toMatch(/times.jsonl: passed over/);
    const { groups } = observe(table, ["tokens"]);
    expect(groups.map(({ group, loss }) => [group.scheme, loss.length])).toEqual([
      ["RINS r=3 (A^3 B)", 10],
      ["baseline (A B)", 5],
    ]);
    expect(groups[0]?.pair?.slice(0, 4).sort()).toEqual(["1/0", "1/1", "2/0", "2/1"]);
    const codes = groups[1]?.excluded.map(({ code }) => code);
    expect([...new Set(codes)].sort()).toEqual(["diverged", "undecayed", "unfinished"]);
    expect(observe(table, ["tokens"], { undecayed: true }).groups[0]?.loss.length).toBe(20);
  });

  const lines = runLines();
  const edited = (edit: (copy: string[]) => void): string => {
    const copy = [...lines];
    edit(copy);
    return copy.join("\n");
  };
  test.each<[string, string, string]>([
    ["two headers", edited((copy) => copy.splice(1, 0, copy[0] ?? "")), "r line 2: a run file must have one header"],
    ["points after the end", edited((copy) => copy.push(copy[10] ?? "")), "r line 13: nothing may follow the end line"],
    [
      "an unknown version",
      lines.join("\n").replace('"version":1', '"version":7'),
      "r line 1: version must be 1, got 7",
    ],
    [
      "a torn line",
      edited((copy) => copy.splice(5, 7, (copy[5] ?? "").slice(0, 40))),
      "r line 6: must be a whole JSON line",
    ],
    ["a torn line in the middle", edited((copy) => copy.splice(5, 1, "{")), "r line 6: must be whole JSON"],
    [
      "a missing point",
      edited((copy) => copy.splice(5, 1)),
      "r line 11: points must be the number of points above, got 10 for 9",
    ],
    [
      "a wrong type",
      lines.join("\n").replace('"loss":', '"loss":"x","l":'),
      'r line 2 loss: must be of type number, got "x"',
    ],
    [
      "tokens going back",
      lines.join("\n").replace('"tokens":4000000', '"tokens":1000000'),
      "r line 6: tokens must increase, got 1000000 after 2000000",
    ],
    ["no header", edited((copy) => copy.shift()), "r line 1: first line must be the header"],
  ])("refused with the line: %s", (_name, text, message) => {
    expect(() => parseRun("r", text)).toThrow(message);
  });

  test("a line that is being written is no error while the run is watched", () => {
    expect(parseRun("r", lines.slice(0, 5).join("\n").slice(0, -9), true).points).toHaveLength(3);
  });
});

describe("choosing", () => {
  const table = tableOf("t", [
    { D: 4e6, val_loss: 2, arm: "b", depth: 2 },
    { D: 1e6, val_loss: 4, arm: "b", depth: 1 },
    { D: 1e6, val_loss: 5, arm: "a", depth: 1 },
    { D: 4e6, val_loss: null, arm: "a", depth: 2 },
  ]);
  test("columns are guessed aloud, groups and points sorted, missing cells left out", () => {
    const { groups, notes, taken } = observe(table, ["tokens"]);
    expect(taken).toEqual({ x: ["D"], y: "val_loss", by: ["arm"] });
    expect(notes).toHaveLength(5);
    expect(notes[3]).toBe("1 row left out: no val_loss");
    expect(notes[4]).toMatch(/^matched points across groups by depth; --pair-by/);
    expect(groups.map(({ group }) => group)).toEqual([{ arm: "a" }, { arm: "b" }]);
    expect(Array.from(groups[1]?.x[0] ?? [])).toEqual([1e6, 4e6]);
    expect(groups[0]?.excluded).toEqual([{ row: 3, code: "missing", reason: "no val_loss" }]);
  });
  test("a group that --where empties is left out and said; where it empties all, that is the error", () => {
    const { groups, notes } = observe(table, ["tokens"], { where: 'arm != "b"' });
    expect(groups.map(({ group }) => group)).toEqual([{ arm: "a" }]);
    expect(notes).toContain('left out "b": --where holds for none of the points');
    expect(() => observe(table, ["tokens"], { where: "D < 0" })).toThrow(/got none of 4 \(4 × --where does not hold\)/);
  });
  test("a column that repeats in a group, or that few points share, matches nothing", () => {
    const repeated = tableOf("t", [
      { D: 1e6, val_loss: 5, arm: "a", depth: 1 },
      { D: 2e6, val_loss: 4, arm: "a", depth: 1 },
      { D: 3e6, val_loss: 4, arm: "b", depth: 1 },
    ]);
    expect(observe(repeated, ["tokens"]).groups.map(({ pair }) => pair)).toEqual([null, null]);
    const shared = tableOf("t", [
      { D: 1e6, val_loss: 5, arm: "a", seed: 1 },
      { D: 1e6, val_loss: 5.1, arm: "a", seed: 2 },
      { D: 1e6, val_loss: 4, arm: "b", seed: 1 },
    ]);
    const { groups, notes } = observe(shared, ["tokens"], { by: ["arm"] });
    expect(groups[0]?.pair).toEqual(["1000000/1", "1000000/2"]);
    expect(notes.at(-1)).toMatch(/by D, seed/);
  });
  test("the order of rows changes nothing", () => {
    const turned = tableOf("t", [
      { D: 1e6, val_loss: 5, arm: "a", depth: 1 },
      { D: 1e6, val_loss: 4, arm: "b", depth: 1 },
      { D: 4e6, val_loss: 2, arm: "b", depth: 2 },
    ]);
    const bare = (from: Table) => observe(from, ["tokens"]).groups.map(({ excluded: _excluded, ...group }) => group);
    expect(bare(turned)).toEqual(bare(table));
  });
  test("derived, mapped, filtered, paired", () => {
    const { groups } = observe(table, ["N", "D"], {
      derive: ["C = 6 * D * depth", "N = C / (6 * D)"],
      where: 'arm == "b" and depth > 1',
      by: [],
      pairBy: ["depth"],
    });
    expect(groups).toHaveLength(1);
    expect(groups[0]?.x.map((x) => Array.from(x))).toEqual([[2], [4e6]]);
    expect(groups[0]?.pair).toEqual(["2"]);
    expect(groups[0]?.excluded.map(({ code }) => code)).toEqual(["where", "where", "where"]);
  });
  test("steps, perplexity and bits are doubted", () => {
    const doubtful = tableOf("t", [{ step: 1, ppl: 30, val_bpb: 1 }]);
    const codes = (y: string) => observe(doubtful, ["tokens"], { x: "step", y }).warnings.map(({ code }) => code);
    expect(codes("ppl")).toEqual(["steps-for-tokens", "perplexity-for-loss"]);
    expect(codes("val_bpb")).toEqual(["steps-for-tokens", "bits-for-nats"]);
    expect(() => observe(doubtful, ["tokens"])).toThrow(/steps are no tokens/);
  });
});
