// A valid run file for tests, as lines to alter.
export interface RunSketch {
  readonly id?: string;
  readonly scheme?: string;
  readonly label?: string;
  readonly seed?: number;
  readonly limit?: number;
  readonly status?: "complete" | "diverged" | null;
}

/** Header, a trunk point and a decayed point at each of five horizons, and the end line (none with status null). */
export function runLines(sketch: RunSketch = {}): string[] {
  const {
    id = "0123456789abcdef",
    scheme = "rins-3",
    label = "RINS r=3 (A^3 B)",
    seed = 0,
    limit = 2,
    status = "complete",
  } = sketch;
  const header = {
    kind: "header",
    version: 1,
    id,
    scheme: { name: scheme, label, signature: "A^3 B", skipProbability: null, adapters: false },
    configuration: { seed },
    parameters: { total: 1000, byGroup: { blocks: 1000 } },
    flopsPerToken: 6000,
    costFactor: 2,
    corpus: { hash: "c", tokenizerHash: "t", name: "test" },
    seed,
    provenance: { rinsight: "0.1.0", backend: "wasm" },
  };
  const points = [1, 2, 4, 8, 16].flatMap((scale) =>
    [false, true].map((decayed) => ({
      kind: "point",
      step: scale * 100,
      tokens: scale * 1e6,
      flops: scale * 6e9,
      loss: limit + 50 * (scale * 1e6) ** -0.3 * (1 + 0.003 * Math.sin(scale + seed)) + (decayed ? 0 : 0.1),
      lossStandardError: 0.01,
      trainLoss: 3,
      learningRate: decayed ? 0 : 0.001,
      decayed,
      horizonTokens: decayed ? scale * 1e6 : null,
      lossByRounds: [],
    })),
  );
  const end =
    status === null
      ? []
      : [{ kind: "end", status, points: points.length, reason: status === "complete" ? null : "loss is NaN" }];
  return [header, ...points, ...end].map((line) => JSON.stringify(line));
}
