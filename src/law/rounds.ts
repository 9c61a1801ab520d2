// Loss against recursion rounds at test time: an exponential approach to a limit, and the power law that rivals it.
import { at, type Law } from "./law.js";
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
  value: (theta, x) => at(theta, 0) + at(theta, 1) * Math.exp(-at(theta, 2) * at(x, 0)),
  gradient: (theta, x, out) => {
    const decay = Math.exp(-at(theta, 2) * at(x, 0));
    out[0] = 1;
    out[1] = decay;
    out[2] = -at(theta, 1) * at(x, 0) * decay;
    return at(theta, 0) + at(theta, 1) * decay;
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
  value: (theta, x) => at(theta, 0) + at(theta, 1) * at(x, 0) ** -at(theta, 2),
  gradient: (theta, x, out) => {
    const power = at(x, 0) ** -at(theta, 2);
    out[0] = 1;
    out[1] = power;
    out[2] = -at(theta, 1) * power * Math.log(at(x, 0));
    return at(theta, 0) + at(theta, 1) * power;
  },
  starts: () => EXPONENT_STARTS.map((z) => [z]),
};
