// One curve as observations, for tests of forecasts.
import { random } from "../../src/base/random.js";
import type { Observations } from "../../src/curve/observations.js";

/** Points of `loss` at x from `from` on, `decades` long, with noise of this standard deviation in the log. */
export function curveOf(
  loss: (x: number) => number,
  { points = 30, from = 1e6, decades = 2, noise = 0, seed = 0, group = {} as Readonly<Record<string, string>> } = {},
): Observations {
  const stream = random(seed);
  const x = Array.from({ length: points }, (_, i) => from * 10 ** ((decades * i) / (points - 1)));
  return {
    group,
    x: [Float64Array.from(x)],
    loss: Float64Array.from(x, (v) => loss(v) * Math.exp(noise * stream.normal())),
    standardError: null,
    run: null,
    pair: x.map((_, i) => String(i)),
    decayed: null,
    excluded: [],
  };
}
