// Observations for tests: from arrays, and drawn around a law with seeded noise.
import { random } from "../../src/base/random.js";
import type { Observations } from "../../src/curve/observations.js";
import type { Law } from "../../src/law/law.js";

export function points(x: readonly (readonly number[])[], loss: readonly number[]): Observations {
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

/** Losses of `law` at `x` times e^(noise·normal). */
export function drawn(
  law: Law,
  theta: readonly number[],
  x: readonly (readonly number[])[],
  noise: number,
  seed: number,
): Observations {
  const stream = random(seed);
  const count = x[0]?.length ?? 0;
  const loss = Array.from({ length: count }, (_, i) => {
    const value = law.value(
      theta,
      x.map((column) => column[i] ?? Number.NaN),
    );
    return value * Math.exp(noise * stream.normal());
  });
  return points(x, loss);
}

/** n values spread evenly in logarithm. */
export function spread(from: number, to: number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => from * (to / from) ** (i / (n - 1)));
}
