// Ten seeds at eight budgets about two truths that are equal at the last one: a power law with a limit, and one that a
// power law has no room for.
import { item } from "../../src/base/item.js";
import { random } from "../../src/base/random.js";
import { logHorizons } from "../../src/compare/simulate.js";
import type { Observations } from "../../src/curve/observations.js";

const HORIZONS = logHorizons(1e10, 1e13, 8);
export const LAST = item(HORIZONS, 7);

/** Points about a truth; noise of its own and of the seed, which schemes share. */
export function scheme(name: string, truth: (x: number) => number, seed: number, noise = 0.004): Observations {
  const [own, shared] = [random(seed).split(name), random(seed).split("seeds")];
  const seeds = Array.from({ length: 10 }, () => 0.002 * shared.normal());
  const points = HORIZONS.flatMap((x) => seeds.map((shift, s) => ({ x, s, shift })));
  return {
    group: { scheme: name },
    x: [Float64Array.from(points, ({ x }) => x)],
    loss: Float64Array.from(points, ({ x, shift }) => truth(x) * Math.exp(shift + noise * own.normal())),
    standardError: null,
    run: null,
    pair: points.map(({ x, s }) => `${x}/${s}`),
    decayed: null,
    excluded: [],
  };
}

export const law = (x: number) => 1.4 + 200 * x ** -0.25;
/** The same at the last horizon, .5% lower in the middle: what a law of three parameters has no room for. */
export const bent = (x: number) =>
  law(x) * Math.exp(0.005 * (Math.log(x / 3e11) ** 2 - Math.log(LAST / 3e11) ** 2) * 0.35);
