// npm run validate:forecast: how often the intervals of forecasts and allocations hold the truth, by simulation; minutes.
//
//   npm run validate:forecast                  300 data sets a cell
//   npm run validate:forecast -- --sets 1000   more of them
import { parseArgs } from "node:util";
import { random } from "../src/base/random.js";
import type { Observations } from "../src/curve/observations.js";
import { allocate } from "../src/forecast/allocate.js";
import type { Optimum } from "../src/forecast/allocation.js";
import { SIX_N_D } from "../src/forecast/compute-rule.js";
import { forecast } from "../src/forecast/forecast.js";
import { lossAt, trainingOptimum } from "../src/forecast/optimum.js";
import { powerLawWithLimit } from "../src/law/power-law.js";

const { values } = parseArgs({ options: { sets: { type: "string", default: "300" }, only: { type: "string" } } });
const sets = Number(values.sets);
const FROM = 1e7;

interface Truth {
  readonly name: string;
  readonly loss: (x: number) => number;
}
const LAWS: readonly Truth[] = [
  { name: "power law with limit (true law known)", loss: (x) => 1.8 + 1.6 * (x / FROM) ** -0.3 },
  { name: "power law with limit, slow", loss: (x) => 1.5 + 2 * (x / FROM) ** -0.15 },
  { name: "power law", loss: (x) => 3.4 * (x / FROM) ** -0.1 },
];
/** Forms that the catalogue lacks. */
const OTHERS: readonly Truth[] = [
  { name: "two power laws", loss: (x) => 1.6 + (x / FROM) ** -0.7 + (x / FROM) ** -0.12 },
  { name: "inverse logarithm", loss: (x) => 3.4 / (1 + 0.4 * Math.log10(x / FROM)) },
  {
    name: "wave on a power law",
    loss: (x) => (1.8 + 1.6 * (x / FROM) ** -0.3) * (1 + 0.01 * Math.sin(3 * Math.log10(x))),
  },
  {
    name: "parabola in logarithms",
    loss: (x) => 3.4 * 10 ** (-0.11 * Math.log10(x / FROM) + 0.009 * Math.log10(x / FROM) ** 2),
  },
  { name: "stretched exponential", loss: (x) => 1.5 + 2 * Math.exp(-((Math.log10(x / FROM) + 0.3) ** 0.8)) },
];

function draw({ loss }: Truth, points: number, noise: number, grows: boolean, seed: string): Observations {
  const stream = random(seed);
  const x = Array.from({ length: points }, (_, i) => FROM * 10 ** ((2 * i) / (points - 1)));
  return observed(
    [x],
    x.map((v, i) => loss(v) * Math.exp(noise * (grows ? 2 - (1.5 * i) / (points - 1) : 1) * stream.normal())),
  );
}

function observed(x: readonly (readonly number[])[], loss: readonly number[]): Observations {
  return {
    group: {},
    x: x.map((column) => Float64Array.from(column)),
    loss: Float64Array.from(loss),
    standardError: null,
    run: null,
    pair: null,
    decayed: null,
    excluded: [],
  };
}

const share = (hits: number, of: number) => `${((100 * hits) / of).toFixed(1)}%`;

function forecasts(truths: readonly Truth[], insisted: boolean): void {
  for (const truth of truths) {
    for (const points of [12, 30]) {
      for (const [noise, grows] of [
        [0.002, false],
        [0.01, false],
        [0.005, true],
      ] as const) {
        const at = [FROM * 1e3, FROM * 1e4];
        const hits = at.map(() => ({ curve: 0, run: 0, square: 0 }));
        let doubted = 0;
        for (let set = 0; set < sets; set++) {
          const seed = `${truth.name}/${points}/${noise}/${set}`;
          const curve = draw(truth, points, noise, grows, seed);
          const [one] = forecast([curve], { at, law: insisted ? powerLawWithLimit : null }).forecasts;
          if (one?.warnings.some(({ code }) => code === "forecasts-missed")) doubted++;
          const stream = random(`${seed}/new`);
          at.forEach((x, k) => {
            const cell = hits[k];
            const point = one?.at[k];
            if (cell === undefined || point === undefined) return;
            const mean = truth.loss(x);
            const run = mean * Math.exp(noise * (grows ? 0.5 : 1) * stream.normal());
            const inside = (interval: typeof point.curve, value: number) =>
              interval !== null && (interval.lower ?? 0) <= value && value <= (interval.upper ?? Infinity);
            if (inside(point.curve, mean)) cell.curve++;
            if (inside(point.newRun, run)) cell.run++;
            cell.square += Math.log(point.loss / mean) ** 2;
          });
        }
        const text = hits.map(
          ({ curve, run, square }, k) =>
            `${k + 1} decade${k === 0 ? "" : "s"}: new run ${share(run, sets)}, curve ${share(curve, sets)}, off ${share(Math.sqrt(square / sets), 1)}`,
        );
        console.log(
          `${truth.name}, ${points} points, noise ${noise}${grows ? " falling along x" : ""}${insisted ? ", law insisted on" : ""}: ${text.join("; ")}; score card warns ${share(doubted, sets)}`,
        );
      }
    }
  }
}

function allocations(): void {
  const law = { E: 1.69, A: 406.4, B: 410.7, alpha: 0.34, beta: 0.28 };
  const budgets = [1e18, 1e19, 1e20, 1e21];
  for (const [sizes, width] of [
    [7, 4],
    [9, 8],
  ] as const) {
    for (const noise of [0.002, 0.005]) {
      const at = 1e22;
      const truth = trainingOptimum(law, SIX_N_D, at);
      const hits = { surface: [0, 0, 0], valleys: [0, 0, 0] };
      for (let set = 0; set < sets; set++) {
        const stream = random(`allocate/${sizes}/${noise}/${set}`);
        const runs = budgets.flatMap((flops) =>
          Array.from({ length: sizes }, (_, i) => {
            const parameters = trainingOptimum(law, SIX_N_D, flops).parameters * width ** ((2 * i) / (sizes - 1) - 1);
            const tokens = flops / (6 * parameters);
            return [parameters, tokens, lossAt(law, parameters, tokens) * Math.exp(noise * stream.normal())] as const;
          }),
        );
        const found = allocate(
          observed(
            [runs.map(([n]) => n), runs.map(([, d]) => d)],
            runs.map(([, , loss]) => loss),
          ),
          { budgets: [at] },
        );
        const count = (tally: number[], optimum: Optimum | undefined) => {
          if (optimum === undefined) return;
          const { parameters, tokens } = optimum;
          const inside = ({ interval }: typeof parameters, value: number) =>
            interval !== null && (interval.lower ?? 0) <= value && value <= (interval.upper ?? Infinity);
          tally[0] = (tally[0] ?? 0) + 1;
          tally[1] = (tally[1] ?? 0) + (inside(parameters, truth.parameters) ? 1 : 0);
          tally[2] = (tally[2] ?? 0) + (inside(tokens, truth.tokens) ? 1 : 0);
        };
        if (found.surface.kind === "answer") count(hits.surface, found.surface.value.optima[0]);
        if (found.valleys.kind === "answer") count(hits.valleys, found.valleys.value.optima[0]);
      }
      for (const [name, [answered = 0, size = 0, seen = 0]] of Object.entries(hits)) {
        console.log(
          `allocate, ${budgets.length} budgets of ${sizes} sizes over ±${width}×, noise ${noise}, 1 decade on, ${name}: N* ${share(size, answered)}, D* ${share(seen, answered)} of ${answered} answers`,
        );
      }
    }
  }
}

const wanted = (part: string) => values.only === undefined || values.only === part;
if (wanted("allocate")) allocations();
if (wanted("insisted")) forecasts(LAWS, true);
if (wanted("forecast")) forecasts(LAWS, false);
if (wanted("others")) forecasts(OTHERS, false);
