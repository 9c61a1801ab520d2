// npm run bench:fit: how long fits take, against scipy on the same data where python3 has it, in the same run.
//
//   npm run bench:fit                     everything; scipy's 4,500 starts take a minute or two
//   npm run bench:fit -- --starts 300     fewer of them
//   npm run bench:fit -- --only table     one of: curve, chinchilla, bootstrap, table, forecast
//
// Times are processor time of one core, so that a busy machine does not count, but a shared cache still does.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import { count, significant } from "../src/base/format.js";
import { random } from "../src/base/random.js";
import { fitSchemes } from "../src/compare/schemes.js";
import type { Observations } from "../src/curve/observations.js";
import { observe } from "../src/curve/observe.js";
import { readTable } from "../src/curve/read/read-table.js";
import { fit as fitLaw } from "../src/fit/fit.js";
import { DEFAULT_FIT_OPTIONS } from "../src/fit/record.js";
import { replicate } from "../src/fit/replicates.js";
import { powerLawWithLimitSolver } from "../src/fit/solve/power-law-solver.js";
import { allocate } from "../src/forecast/allocate.js";
import { forecast } from "../src/forecast/forecast.js";
import { chinchilla } from "../src/law/chinchilla.js";
import type { Law } from "../src/law/law.js";
import { powerLawWithLimit } from "../src/law/power-law.js";

const { values } = parseArgs({ options: { starts: { type: "string", default: "4500" }, only: { type: "string" } } });
const wanted = (part: string) => values.only === undefined || values.only === part;

function report(what: string, seconds: number, limit: number | null, more = ""): void {
  const unit = seconds < 1e-3 ? `${significant(seconds * 1e6, 3)} µs` : `${significant(seconds, 3)} s`;
  const verdict = limit === null ? "" : seconds <= limit ? "  ok" : `  OVER ${significant(limit, 2)} s`;
  console.log(`${what.padEnd(64)} ${unit.padStart(10)}${verdict}${more}`);
}

/** Processor seconds of one call, the least of a few rounds of `repeats`. */
function timed(repeats: number, rounds: number, call: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < repeats; i++) call();
    const spent = process.cpuUsage(before);
    least = Math.min(least, (spent.user + spent.system) / 1e6 / repeats);
  }
  return least;
}

function spread(from: number, to: number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => from * (to / from) ** (i / (n - 1)));
}

function drawn(law: Law, theta: readonly number[], x: readonly number[][], noise: number, seed: number): Observations {
  const stream = random(seed);
  const columns = x.map((column) => Float64Array.from(column));
  const loss = Float64Array.from(x[0] ?? [], (_, i) => {
    const point = x.map((column) => column[i] ?? Number.NaN);
    return law.value(theta, point) * Math.exp(noise * stream.normal());
  });
  return {
    group: {},
    x: columns,
    loss,
    standardError: null,
    run: null,
    pair: Array.from(loss, (_, i) => String(i)),
    decayed: null,
    excluded: [],
  };
}

const curve = drawn(powerLawWithLimit, [1.8, 300, 0.3], [spread(1e7, 1e10, 40)], 0.003, 1);
const sizes = spread(5e7, 1.5e10, 15).flatMap((n) => spread(1e9, 5e11, 16).map((d) => [n, d] as const));
const joint = drawn(
  chinchilla,
  [1.69, 406, 410, 0.34, 0.28],
  [sizes.map(([n]) => n), sizes.map(([, d]) => d)],
  0.01,
  3,
);

interface Peer {
  readonly curveFit: { readonly linear: number; readonly log: number };
  readonly lbfgs: {
    readonly seconds: number;
    readonly starts: number;
    readonly objective: number;
    readonly polished: number;
  };
}

function scipy(): Peer | null {
  const input = {
    curve: { tokens: Array.from(curve.x[0] ?? []), loss: Array.from(curve.loss) },
    chinchilla: {
      parameters: Array.from(joint.x[0] ?? []),
      tokens: Array.from(joint.x[1] ?? []),
      loss: Array.from(joint.loss),
    },
    delta: 1e-3,
    starts: wanted("chinchilla") ? Number(values.starts) : 1,
  };
  const environment = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
  const run = spawnSync("python3", [path.join(import.meta.dirname, "bench-fit.py")], {
    input: JSON.stringify(input),
    encoding: "utf8",
    env: environment,
  });
  if (run.status !== 0) {
    console.log("scipy: python3 with numpy and scipy is not there; only our own times follow");
    return null;
  }
  const peer: Peer = JSON.parse(run.stdout);
  return peer;
}

function benchCurve(peer: Peer | null): void {
  const out = new Float64Array(4);
  for (const space of ["linear", "log"] as const) {
    const seconds = timed(2000, 5, () => {
      powerLawWithLimitSolver(curve.x[0] ?? out, space)(curve.loss, null, null, out);
    });
    const ratio = peer === null ? "" : `  ${significant(seconds / peer.curveFit[space], 2)} of curve_fit`;
    report(
      `power law with limit, 40 points, ${space}`,
      seconds,
      peer === null ? null : peer.curveFit[space] / 10,
      ratio,
    );
  }
  if (peer !== null) {
    report("  scipy curve_fit, linear, tokens scaled for it", peer.curveFit.linear, null);
    report("  scipy curve_fit, log, tokens scaled for it", peer.curveFit.log, null);
  }
  // Over so many rounds that the code is compiled in the first of them.
  for (const interval of ["delta", "profile", "auto"] as const) {
    report(
      `  the whole record with ${interval === "auto" ? "default" : interval} intervals`,
      timed(200, 20, () => void fitLaw(powerLawWithLimit, curve, { interval })),
      null,
    );
  }
}

function benchChinchilla(peer: Peer | null): void {
  const options = { loss: { kind: "huber", delta: 1e-3 } } as const;
  const first = timed(1, 1, () => void fitLaw(chinchilla, joint, options));
  const { objective, status } = fitLaw(chinchilla, joint, options);
  report(
    "Chinchilla, 240 points, log Huber 1e-3, first call, default intervals",
    first,
    1,
    `  ${status}, ${objective}`,
  );
  report(
    "  the same with delta intervals, no longer the first",
    timed(1, 3, () => void fitLaw(chinchilla, joint, { ...options, interval: "delta" })),
    null,
  );
  if (peer === null) return;
  report(`  scipy L-BFGS-B from ${peer.lbfgs.starts} starts`, peer.lbfgs.seconds, null, `  ${peer.lbfgs.objective}`);
  const never = objective <= peer.lbfgs.polished * (1 + 1e-12);
  console.log(
    `  objective ${never ? "never worse: ok" : "WORSE"} (ours/theirs − 1 = ${objective / peer.lbfgs.polished - 1})`,
  );
}

function benchBootstrap(): void {
  const groups = Array.from({ length: 8 }, (_, g) => ({
    ...drawn(powerLawWithLimit, [1.7 + 0.02 * g, 300, 0.3], [spread(1e7, 1e10, 24)], 0.003, g),
    group: { scheme: `s${g}` },
  }));
  const fits = fitSchemes(powerLawWithLimit, groups, DEFAULT_FIT_OPTIONS).all.map(({ fit }) => fit);
  const seconds = timed(
    1,
    1,
    () => void replicate(fits, groups, { method: "residual", unit: "pair", replicates: 2000, seed: 0 }),
  );
  report("2,000 paired bootstrap replicates over 8 schemes of 24 points", seconds, 1);
}

function benchForecast(): void {
  report(
    "forecast of one curve, 40 points, five forms and six windows",
    timed(5, 3, () => void forecast([curve], { at: [1e11] })),
    0.2,
  );
  const budgets = spread(6e18, 3e21, 9);
  const grid = budgets.flatMap((flops) =>
    spread(0.1, 10, 27).map((factor) => [factor * 0.1 * flops ** 0.5, flops] as const),
  );
  const points = grid.slice(0, 240);
  const isoflop = drawn(
    chinchilla,
    [1.69, 406, 410, 0.34, 0.28],
    [points.map(([n]) => n), points.map(([n, flops]) => flops / (6 * n))],
    0.005,
    4,
  );
  report(
    `allocate, ${isoflop.loss.length} points at ${budgets.length} budgets, intervals of all approaches`,
    timed(1, 3, () => void allocate(isoflop, { budgets: [1e22, 1e23] })),
    3,
  );
}

async function benchTable(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "rinsight-bench-"));
  const file = path.join(folder, "curves.csv");
  try {
    const out = createWriteStream(file);
    out.write("run,tokens,loss\n");
    const stream = random(5);
    const tokens = spread(1e7, 1e10, 500);
    for (let run = 0; run < 2000; run++) {
      const [limit, exponent] = [1.5 + stream.uniform(), 0.2 + 0.2 * stream.uniform()];
      const rows = tokens.map(
        (d) => `run${run},${d},${(limit + 300 * d ** -exponent) * (1 + 0.003 * stream.normal())}\n`,
      );
      if (!out.write(rows.join(""))) await once(out, "drain");
    }
    out.end();
    await finished(out);
    const start = performance.now();
    const before = process.cpuUsage();
    const { table } = await readTable([file]);
    const { groups } = observe(table, ["tokens"], { y: "loss", by: ["run"] });
    const read = process.cpuUsage(before);
    const fits = groups.map((group) => fitLaw(powerLawWithLimit, group));
    const spent = process.cpuUsage(before);
    const seconds = (usage: NodeJS.CpuUsage) => (usage.user + usage.system) / 1e6;
    const converged = fits.filter((result) => result.status === "converged").length;
    const memory = process.resourceUsage().maxRSS * 1024;
    report(
      `${count(table.rows)} rows, ${groups.length} curves: read, grouped, fitted, profiled`,
      seconds(spent),
      15,
      `  read ${significant(seconds(read), 3)} s, clock ${significant((performance.now() - start) / 1000, 3)} s, ${converged} converged, ${significant(memory / 2 ** 30, 3)} GiB at most`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const peer = wanted("curve") || wanted("chinchilla") ? scipy() : null;
if (wanted("curve")) benchCurve(peer);
if (wanted("chinchilla")) benchChinchilla(peer);
if (wanted("bootstrap")) benchBootstrap();
if (wanted("forecast")) benchForecast();
if (wanted("table")) await benchTable();
