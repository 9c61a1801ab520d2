// Observations for tests: simulated ladders, and the published table of arXiv 2609.19107.
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Observations } from "../../src/curve/observations.js";

const FILE = path.resolve(import.meta.dirname, "../reference/qlabs-scaling-exponents/fineweb_ladders.csv");

/** The 58 points, vanilla first, matched across arms by depth. */
export function published(): readonly Observations[] {
  const rows = readFileSync(FILE, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));
  const arms = [...new Set(rows.map((row) => row[0] ?? ""))];
  return arms.map((arm) => {
    const own = rows.filter((row) => row[0] === arm);
    return ladder(
      arm,
      own.map((row) => Number(row[2])),
      own.map((row) => Number(row[3])),
      own.map((row) => row[1] ?? ""),
    );
  });
}

export function ladder(
  scheme: string,
  x: readonly number[],
  loss: readonly number[],
  pair: readonly string[] | null = null,
): Observations {
  return {
    group: { scheme },
    x: [Float64Array.from(x)],
    loss: Float64Array.from(loss),
    standardError: null,
    run: null,
    pair,
    decayed: null,
    excluded: [],
  };
}

/** Points on limit + coefficient·x^−exponent. */
export function exact(scheme: string, x: readonly number[], law: readonly [number, number, number]): Observations {
  return ladder(
    scheme,
    x,
    x.map((value) => law[0] + law[1] * value ** -law[2]),
    x.map((_, i) => String(i)),
  );
}
