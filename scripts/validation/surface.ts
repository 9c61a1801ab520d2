// The 240-point design of npm run validate: a fit of the Chinchilla law whose points each have noise of a size of their own.
import type { Random } from "../../src/base/random.js";
import type { Observations } from "../../src/curve/observations.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import { predict } from "../../src/fit/predict.js";
import { chinchilla } from "../../src/law/chinchilla.js";
import { type Counts, Tally } from "./simulated.js";

const OPTIONS = { loss: { kind: "huber", delta: 1e-3 } } as const;

/**
 * Coverage of the default intervals in `n` data sets: the fitted law is the truth, and every point is redrawn about it by a
 * normal error of the size of its own residual. Keys are the law's parameters and losses at the largest model and data.
 */
export function surfaceCovered(observations: Observations, stream: Random, n: number): Counts {
  const tally = new Tally();
  const truth = fitLaw(chinchilla, observations, { ...OPTIONS, interval: "delta" });
  const theta = chinchilla.parameters.map(({ name }) => truth.parameters[name]?.estimate ?? Number.NaN);
  const law = (x: readonly number[]) => chinchilla.value(theta, x);
  const largest = observations.x.map((column) => column.reduce((most, value) => Math.max(most, value), 0));
  for (let i = 0; i < n; i++) {
    const loss = Float64Array.from(truth.residuals, (residual, k) => {
      const x = observations.x.map((column) => column[k] ?? Number.NaN);
      return law(x) * Math.exp(residual * stream.normal());
    });
    const record = fitLaw(chinchilla, { ...observations, loss }, OPTIONS);
    chinchilla.parameters.forEach(({ name }, k) => {
      tally.interval(name, record.parameters[name]?.interval ?? null, theta[k] ?? Number.NaN);
    });
    const [end] = predict(
      chinchilla,
      record,
      largest.map((value) => [value]),
    );
    tally.interval("loss at the largest N and D", end?.curve ?? null, law(largest));
  }
  return tally.counts;
}
