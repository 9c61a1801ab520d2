// Tables of anybody's as the source of a report: what the columns say of pairs and of the baseline reaches the comparison.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { analyse } from "../../src/report/analysis.js";
import { readSource } from "../../src/report/source.js";

const folder = mkdtempSync(path.join(tmpdir(), "rinsight-source-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function table(): string {
  const stream = random("pairs");
  const rows = [1e6, 3e6, 1e7, 3e7, 1e8].flatMap((tokens, horizon) =>
    [1, 2].flatMap((seed) => {
      const shared = 0.01 * stream.normal();
      return ["late", "plain"].map((scheme) => {
        const loss = 2 + 60 * tokens ** (scheme === "late" ? -0.31 : -0.3) + shared + 0.001 * stream.normal();
        return `${scheme},${horizon},${seed},${tokens},${loss}`;
      });
    }),
  );
  const file = path.join(folder, "table.csv");
  writeFileSync(file, `scheme,horizon,seed,tokens,loss\n${rows.join("\n")}\n`);
  return file;
}

test("points of a table are paired by the columns that match them, as compare pairs them", async () => {
  const { source } = await readSource([table()], { by: ["scheme"], pairBy: ["horizon", "seed"] });
  const { comparison } = analyse(source, { bootstrap: 100 });
  expect(comparison?.bootstrap.unit).toBe("pair");
  expect(comparison?.warnings.map(({ code }) => code)).not.toContain("unpaired");
});

test("points that a table marks as undecayed are left out of the report and counted there, as fit counts them", async () => {
  const file = path.join(folder, "decayed.csv");
  const rows = [1e6, 3e6, 1e7, 3e7, 1e8, 3e8].flatMap((tokens) => [
    `plain,${tokens},${2 + 60 * tokens ** -0.3},true`,
    `plain,${tokens * 0.8},${2.1 + 60 * tokens ** -0.3},false`,
  ]);
  writeFileSync(file, `scheme,tokens,loss,decayed\n${rows.join("\n")}\n`);
  const { source } = await readSource([file], { by: ["scheme"] });
  const { points } = analyse(source, { bootstrap: 0 });
  expect(points).toMatchObject({ read: 12, fitted: 6, excluded: [{ reason: "undecayed", points: 6 }] });
});

test("the baseline that is named is the one that others are held against", async () => {
  const { source } = await readSource([table()], { by: ["scheme"] });
  const analysis = analyse(source, { bootstrap: 100, baseline: "plain" });
  expect(analysis.comparison?.baseline).toBe("plain");
  expect(analysis.comparison?.differences.every(({ scheme }) => scheme === "late")).toBe(true);
});
