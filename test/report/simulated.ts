// A sweep that was never trained: L = E + β·D^−c plus noise that the schemes share at equal horizon and seed.
import { sha256 } from "../../src/base/json.js";
import { random } from "../../src/base/random.js";
import type { Run } from "../../src/curve/read/read-run.js";
import type { ReportSource } from "../../src/report/record.js";
import { sourceFromGroups, sourceFromRuns } from "../../src/report/source.js";

const SCHEMES = [
  ["baseline", "baseline (A B)", "A B", 1, 2.62, 0.33],
  ["rins-2", "RINS r=2 (A^2 B)", "A^2 B", 1.46, 2.6, 0.335],
  ["rins-3", "RINS r=3 (A^3 B)", "A^3 B", 1.92, 2.59, 0.34],
  ["rao-2", "RAO r=2 ((A B)^2)", "(A B)^2", 1.92, 2.61, 0.33],
  ["a-b3", "A B^3 (A B^3)", "A B^3", 1.92, 2.63, 0.33],
  ["rins-3-stochastic", "stochastic RINS R=3 p=.5 (A^3 B)", "A^3 B", 1.46, 2.6, 0.335],
] as const;

export interface Simulation {
  readonly horizons: number;
  readonly seeds: number;
  readonly noise: number;
  readonly labels?: readonly string[];
}

export const REFERENCE: Simulation = { horizons: 6, seeds: 3, noise: 0.004 };

/** Runs as a reader would hand them over; every scheme gets the same FLOPs at a horizon. */
export function simulatedRuns({ horizons, seeds, noise, labels = [] }: Simulation): readonly Run[] {
  const root = random("simulated sweep");
  const baseFlops = 1.2e6;
  return SCHEMES.flatMap(([name, label, signature, costFactor, limit, exponent], order) =>
    Array.from({ length: seeds }, (_, seed): Run => {
      const own = root.split(`${name}/${seed}`);
      const flopsPerToken = baseFlops * costFactor;
      const points: Run["points"][number][] = [];
      for (let horizon = 0; horizon < horizons; horizon++) {
        const flops = 4e11 * 10 ** ((1.6 * horizon) / Math.max(1, horizons - 1));
        const shared = root.split(`shared/${horizon}/${seed}`).normal();
        const law = (tokens: number) => limit + 60 * tokens ** -exponent;
        const loss = law(flops / flopsPerToken) + noise * (0.7 * shared + 0.7 * own.normal());
        const point = (fraction: number, decayed: boolean): Run["points"][number] => ({
          kind: "point",
          step: Math.round((fraction * flops) / flopsPerToken / 2048),
          tokens: Math.round((fraction * flops) / flopsPerToken),
          flops: fraction * flops,
          loss: decayed ? loss : law((fraction * flops) / flopsPerToken) + 0.09 + noise * own.normal(),
          lossStandardError: 0.003,
          trainLoss: loss,
          learningRate: decayed ? 0 : 0.004 / Math.sqrt(1 + (fraction * flops) / 1e12),
          decayed,
          horizonTokens: decayed ? Math.round(flops / flopsPerToken) : null,
          lossByRounds:
            decayed && order > 0
              ? [1, 2, 3, 4, 5, 6].map((rounds) => ({
                  rounds,
                  loss: loss + 0.01 * (rounds - 3) ** 2 + (rounds === 1 ? 0.02 : 0),
                  lossStandardError: 0.003,
                  inferenceFlopsPerToken: 2e5 * (1 + rounds),
                }))
              : [],
        });
        points.push(point(0.5, false), point(0.8, false), point(1, true));
      }
      const id = sha256(`${name}/${seed}`).slice(0, 16);
      return {
        source: `${id}.jsonl`,
        header: {
          kind: "header",
          version: 1,
          id,
          scheme: { name, label: labels[order] ?? label, signature, skipProbability: null, adapters: false },
          configuration: { horizons: [{ tokens: 1e9, flops: null }] },
          parameters: { total: 331_000, byGroup: {} },
          flopsPerToken,
          costFactor,
          corpus: { hash: "c0ffee", tokenizerHash: "beef", name: "prose" },
          seed,
          provenance: { rinsight: "0.1.0", backend: "wasm" },
        },
        points,
        end: { kind: "end", status: "complete", points: points.length, reason: null },
      };
    }),
  );
}

/** What a report is made of, inputs named as a folder of run files would name them. */
export function simulatedSource(simulation: Simulation = REFERENCE, reversed = false): ReportSource {
  const runs = simulatedRuns(simulation);
  return sourceFromRuns(
    reversed ? runs.toReversed() : runs,
    runs.map((run) => ({ name: run.source, sha256: sha256(run.header.id) })),
  );
}

/** Curves of `schemes` schemes s0, s1, … as a table of anybody's would give them: five budgets, two seeds. */
export function manySource(schemes: number): ReportSource {
  const noise = random("many schemes");
  const groups = Array.from({ length: schemes }, (_, k) => {
    const tokens = [1e6, 3e6, 1e7, 3e7, 1e8].flatMap((budget) => [budget, budget]);
    const law = (budget: number) => 2.4 + 0.01 * (k % 17) + 60 * budget ** -(0.3 + 0.002 * (k % 13));
    return {
      group: { scheme: `s${k}` },
      x: [Float64Array.from(tokens)],
      loss: Float64Array.from(tokens, (budget) => law(budget) + 0.003 * noise.normal()),
      standardError: null,
      run: null,
      pair: tokens.map((budget, i) => `${budget}/${i % 2}`),
      decayed: null,
      excluded: [],
    };
  });
  return sourceFromGroups(groups, "tokens", [{ name: "many.csv", sha256: sha256(`${schemes}`) }]);
}
