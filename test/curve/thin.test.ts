// Curves of thousands of points are thinned for comparisons and pictures: rows as they were, evenly in log x, said.
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import type { Observations } from "../../src/curve/observations.js";
import { MOST_POINTS, thinned } from "../../src/curve/thin.js";
import { buildReport } from "../../src/report/build.js";
import { readSource } from "../../src/report/source.js";

const law = (x: number): number => 2 + 50 * x ** -0.3;
const curve = (name: string, x: readonly number[], run: readonly string[] | null): Observations => ({
  group: { scheme: name },
  x: [Float64Array.from(x)],
  loss: Float64Array.from(x, law),
  standardError: null,
  run,
  pair: x.map(String),
  decayed: null,
  excluded: [],
});
const counted = (n: number, step: number) => Array.from({ length: n }, (_, i) => step * (i + 1));

test("each row that stays is one of the curve, whole, and they lie evenly in log x from the first to the last", () => {
  const x = counted(3000, 1e5);
  const { groups, left, notes } = thinned([curve("a", x, null)]);
  const [kept] = groups;
  const found = [...(kept?.x[0] ?? [])];
  expect(found.length).toBeLessThanOrEqual(MOST_POINTS);
  expect(found.length).toBeGreaterThan(MOST_POINTS / 2);
  expect(left).toBe(3000 - found.length);
  expect(notes).toEqual([expect.stringContaining(`took ${found.length} of 3000 points`)]);
  expect([found[0], found.at(-1)]).toEqual([1e5, 3e8]);
  expect(found.every((value) => x.includes(value))).toBe(true);
  expect([...(kept?.loss ?? [])]).toEqual(found.map(law));
  expect(kept?.pair).toEqual(found.map(String));
  // Where the curve has a point near every place, steps in log x are within one place of the grid of each other.
  const place = Math.log(3000) / (MOST_POINTS - 1);
  const steps = found.slice(1).map((value, i) => Math.log(value / (found[i] ?? 1)));
  expect(steps.filter((_, i) => (found[i] ?? 0) > 5e6).every((step) => Math.abs(step - place) < 0.25 * place)).toBe(
    true,
  );
});

test("points that match across groups still do; every run keeps its share", () => {
  const x = counted(1000, 1e5);
  const runs = x.map((_, i) => `r${i % 3}`);
  const { groups } = thinned([curve("a", x, runs), curve("b", x, runs)]);
  const [one, other] = groups;
  expect(one?.x).toEqual(other?.x);
  const counts = ["r0", "r1", "r2"].map((run) => one?.run?.filter((name) => name === run).length ?? 0);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(6);
  expect(one?.run).toEqual([...(one?.x[0] ?? [])].map((value) => runs[x.indexOf(value)]));
});

test("ends of many runs are no curve, and stay whole", () => {
  const x = counted(400, 1e6);
  const ends = curve(
    "ends",
    x,
    x.map((_, i) => `run${i}`),
  );
  expect(thinned([ends])).toEqual({ groups: [ends], left: 0, notes: [] });
});

test("a report on 9,000 points says in its pages how many it left out", async () => {
  const file = path.join(tmpdir(), `rinsight-thin-${process.pid}.csv`);
  const rows = ["a", "b", "c"].flatMap((scheme, k) =>
    counted(3000, 1e5).map((x, i) => `${scheme},${x},${(law(x) + 0.1 * k + 0.002 * Math.sin(9 * i + k)).toFixed(5)}`),
  );
  writeFileSync(file, `scheme,tokens,loss\n${rows.join("\n")}\n`);
  const { source, notes } = await readSource([file], {});
  expect(notes.join("\n")).toMatch(/took \d+ of 9000 points, evenly spaced in the logarithm of x/);
  const { analysis, files } = await buildReport(source, { bootstrap: 0 }, {});
  expect(analysis.points.read).toBe(9000);
  expect(analysis.points.excluded).toEqual([{ reason: "thinned out", points: 9000 - analysis.points.fitted }]);
  expect(analysis.points.fitted).toBeLessThanOrEqual(3 * MOST_POINTS);
  expect(String(files.get("README.md"))).toContain(`${9000 - analysis.points.fitted} points thinned out`);
});
