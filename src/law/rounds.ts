// Loss against recursion rounds at test time: an exponential approach to a limit, and the power law that rivals it.
import type { Law } from "./law.js";
import { EXPONENT_STARTS } from "./power-law.js";

const POSITIVE = { lower: 0, upper: Number.POSITIVE_INFINITY };

/** L(T) = L∞ + Z·e^(−z·T), T rounds (arXiv 2604.12946). */
export const exponentialApproach: Law = {
  name: "rounds-exponential",
  formula: "Linf + Z·exp(−z·T)",
  variables: ["rounds"],
  parameters: [
    { name: "Linf", meaning: "loss as rounds → ∞", ...POSITIVE, linear: true, role: "limit" },
    { name: "Z", meaning: "excess loss extrapolated to no rounds", ...POSITIVE, linear: true, role: "coefficient" },
    { name: "z", meaning: "rate per round", lower: 0, upper: 50, linear: false, role: "exponent" },
  ],
  value: (theta, x) => (theta[0] ?? 0) + (theta[1] ?? 0) * Math.exp(-(theta[2] ?? 0) * (x[0] ?? 0)),
  gradient: (theta, x, out) => {
    const decay = Math.exp(-(theta[2] ?? 0) * (x[0] ?? 0));
    out[0] = 1;
    out[1] = decay;
    out[2] = -(theta[1] ?? 0) * (x[0] ?? 0) * decay;
    return (theta[0] ?? 0) + (theta[1] ?? 0) * decay;
  },
  starts: () => [0.7, 0.35, 1.2, 0.15, 2, 0.07, 4, 0.03].map((rate) => [rate]),
};

/** L(T) = L∞ + Z·T^−z: the rival, which levels off later. */
export const powerApproach: Law = {
  name: "rounds-power",
  formula: "Linf + Z·T^−z",
  variables: ["rounds"],
  parameters: [
    { name: "Linf", meaning: "loss as rounds → ∞", ...POSITIVE, linear: true, role: "limit" },
    { name: "Z", meaning: "excess loss at one round", ...POSITIVE, linear: true, role: "coefficient" },
    { name: "z", meaning: "exponent of the rounds", lower: 0, upper: 20, linear: false, role: "exponent" },
  ],
  value: (theta, x) => (theta[0] ?? 0) + (theta[1] ?? 0) * (x[0] ?? 0) ** -(theta[2] ?? 0),
  gradient: (theta, x, out) => {
    const power = (x[0] ?? 0) ** -(theta[2] ?? 0);
    out[0] = 1;
    out[1] = power;
    out[2] = -(theta[1] ?? 0) * power * Math.log(x[0] ?? 0);
    return (theta[0] ?? 0) + (theta[1] ?? 0) * power;
  },
  starts: () => EXPONENT_STARTS.map((z) => [z]),
};
