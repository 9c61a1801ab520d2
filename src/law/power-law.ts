// The power laws of one variable: with a limit (the default of every command) and without.
import type { Law, LawParameter } from "./law.js";

const limit: LawParameter = {
  name: "limit",
  meaning: "loss as tokens → ∞, nats per token",
  lower: 0,
  upper: Number.POSITIVE_INFINITY,
  linear: true,
  role: "limit",
};
const coefficient: LawParameter = {
  name: "coefficient",
  meaning: "factor of D^−c; its unit depends on that of D, so compare exponents and limits instead",
  lower: 0,
  upper: Number.POSITIVE_INFINITY,
  linear: true,
  role: "coefficient",
};
const exponent: LawParameter = {
  name: "exponent",
  meaning: "c > 0 in D^−c: how fast the excess over the limit falls",
  lower: 0,
  upper: 10,
  linear: false,
  role: "exponent",
};

/** Exponents to start from: what is seen for losses (0.05–0.6), then the rest of the range. */
export const EXPONENT_STARTS: readonly number[] = [0.3, 0.15, 0.5, 0.08, 0.8, 0.04, 1.3, 0.02, 2.5, 5];

/** x^−c for x > 0: half the time of the general power. */
export const power = (x: number, c: number): number => Math.exp(-c * Math.log(x));

/**
 * L(D) = limit + coefficient·D^−exponent, the default law (M2 of arXiv 2209.06640).
 *
 * Two traps when numbers are carried over from papers. β is the *coefficient* in RINS (arXiv 2502.07503, L = ε∞ + β·D^−c)
 * and an *exponent* in Chinchilla (B·D^−β). And the code published with arXiv 2209.06640 stores c *negative*; here the
 * exponent is positive. An exponent fitted under a borrowed, fixed limit is another quantity than this one: its error
 * leaves the limit's out.
 *
 * @example
 * import { powerLawWithLimit } from "rinsight";
 *
 * const names = powerLawWithLimit.parameters.map((parameter) => parameter.name);
 * console.log(names.join()); // limit,coefficient,exponent
 * console.log(powerLawWithLimit.value([2, 300, 0.5], [1e4]).toFixed(6)); // 5.000000
 */
export const powerLawWithLimit: Law = {
  name: "power-law-with-limit",
  formula: "limit + coefficient·D^−exponent",
  variables: ["tokens"],
  parameters: [limit, coefficient, exponent],
  value: (theta, x) => (theta[0] ?? 0) + (theta[1] ?? 0) * power(x[0] ?? 0, theta[2] ?? 0),
  gradient: (theta, x, out) => {
    const logTokens = Math.log(x[0] ?? 0);
    const shape = Math.exp(-(theta[2] ?? 0) * logTokens);
    out[0] = 1;
    out[1] = shape;
    out[2] = -(theta[1] ?? 0) * shape * logTokens;
    return (theta[0] ?? 0) + (theta[1] ?? 0) * shape;
  },
  starts: () => EXPONENT_STARTS.map((c) => [c]),
};

/** L(D) = coefficient·D^−exponent: the same law with the limit at zero (M1 of arXiv 2209.06640). */
export const powerLaw: Law = {
  name: "power-law",
  formula: "coefficient·D^−exponent",
  variables: ["tokens"],
  parameters: [coefficient, exponent],
  value: (theta, x) => (theta[0] ?? 0) * power(x[0] ?? 0, theta[1] ?? 0),
  gradient: (theta, x, out) => {
    const logTokens = Math.log(x[0] ?? 0);
    const shape = Math.exp(-(theta[1] ?? 0) * logTokens);
    out[0] = shape;
    out[1] = -(theta[0] ?? 0) * shape * logTokens;
    return (theta[0] ?? 0) * shape;
  },
  starts: () => EXPONENT_STARTS.map((c) => [c]),
};
