// Laws of parameters and tokens: Chinchilla (free and tied exponents) and its recursive form at a fixed unrolled depth.
import { grid, type Law, type LawParameter } from "./law.js";
import { power } from "./power-law.js";

const POSITIVE = { lower: 0, upper: Number.POSITIVE_INFINITY };
const EXPONENTS = [0.08, 0.15, 0.25, 0.35, 0.5, 0.7, 1, 1.6];

const E: LawParameter = { name: "E", meaning: "loss as both → ∞", ...POSITIVE, linear: true, role: "limit" };
const A: LawParameter = { name: "A", meaning: "factor of N^−alpha", ...POSITIVE, linear: true, role: "coefficient" };
const B: LawParameter = {
  name: "B",
  meaning: "factor of D^−beta (beta is an exponent here; in RINS β is the factor)",
  ...POSITIVE,
  linear: true,
  role: "coefficient",
};
const exponent = (name: string, of: string): LawParameter => ({
  name,
  meaning: `exponent of ${of}`,
  lower: 0,
  upper: 10,
  linear: false,
  role: "exponent",
});

/** L(N, D) = E + A·N^−alpha + B·D^−beta (arXiv 2203.15556, eq. 2; there fitted with Huber δ = 1e−3 on log losses). */
export const chinchilla: Law = {
  name: "chinchilla",
  formula: "E + A·N^−alpha + B·D^−beta",
  variables: ["parameters", "tokens"],
  parameters: [E, A, B, exponent("alpha", "parameters"), exponent("beta", "tokens")],
  value: (theta, x) =>
    (theta[0] ?? 0) +
    (theta[1] ?? 0) * power(x[0] ?? 0, theta[3] ?? 0) +
    (theta[2] ?? 0) * power(x[1] ?? 0, theta[4] ?? 0),
  gradient: (theta, x, out) => {
    const [logN, logD] = [Math.log(x[0] ?? 0), Math.log(x[1] ?? 0)];
    const [n, d] = [Math.exp(-(theta[3] ?? 0) * logN), Math.exp(-(theta[4] ?? 0) * logD)];
    out[0] = 1;
    out[1] = n;
    out[2] = d;
    out[3] = -(theta[1] ?? 0) * n * logN;
    out[4] = -(theta[2] ?? 0) * d * logD;
    return (theta[0] ?? 0) + (theta[1] ?? 0) * n + (theta[2] ?? 0) * d;
  },
  starts: () => grid(EXPONENTS, EXPONENTS),
};

/** L(N, D) = E + A·N^−alpha + B·D^−alpha: one exponent for both. */
export const chinchillaTied: Law = {
  name: "chinchilla-tied",
  formula: "E + A·N^−alpha + B·D^−alpha",
  variables: ["parameters", "tokens"],
  parameters: [E, A, B, exponent("alpha", "parameters and tokens")],
  value: (theta, x) =>
    (theta[0] ?? 0) +
    (theta[1] ?? 0) * power(x[0] ?? 0, theta[3] ?? 0) +
    (theta[2] ?? 0) * power(x[1] ?? 0, theta[3] ?? 0),
  gradient: (theta, x, out) => {
    const [logN, logD] = [Math.log(x[0] ?? 0), Math.log(x[1] ?? 0)];
    const [n, d] = [Math.exp(-(theta[3] ?? 0) * logN), Math.exp(-(theta[3] ?? 0) * logD)];
    out[0] = 1;
    out[1] = n;
    out[2] = d;
    out[3] = -(theta[1] ?? 0) * n * logN - (theta[2] ?? 0) * d * logD;
    return (theta[0] ?? 0) + (theta[1] ?? 0) * n + (theta[2] ?? 0) * d;
  },
  starts: () => EXPONENTS.map((alpha) => [alpha]),
};

/**
 * L = E + A·(N_once + r^phi·N_rec)^−alpha + B·D^−beta at equal unrolled depth (arXiv 2604.21106): a recursed parameter
 * applied r times is worth r^phi of them; phi = 1 would be as good as unique layers, 0 as good as no recursion.
 */
export const loopedLaw: Law = {
  name: "looped",
  formula: "E + A·(Nonce + r^phi·Nrec)^−alpha + B·D^−beta",
  variables: ["parametersOnce", "parametersRecurrent", "rounds", "tokens"],
  parameters: [
    E,
    A,
    B,
    exponent("alpha", "effective parameters"),
    exponent("beta", "tokens"),
    {
      name: "phi",
      meaning: "exponent of the rounds a recursed parameter is worth",
      lower: -2,
      upper: 3,
      linear: false,
      role: "other",
    },
  ],
  value: (theta, x) => {
    const effective = (x[0] ?? 0) + power(x[2] ?? 0, -(theta[5] ?? 0)) * (x[1] ?? 0);
    return (
      (theta[0] ?? 0) +
      (theta[1] ?? 0) * power(effective, theta[3] ?? 0) +
      (theta[2] ?? 0) * power(x[3] ?? 0, theta[4] ?? 0)
    );
  },
  gradient: (theta, x, out) => {
    const recursed = power(x[2] ?? 0, -(theta[5] ?? 0)) * (x[1] ?? 0);
    const effective = (x[0] ?? 0) + recursed;
    const [n, d] = [power(effective, theta[3] ?? 0), power(x[3] ?? 0, theta[4] ?? 0)];
    out[0] = 1;
    out[1] = n;
    out[2] = d;
    out[3] = -(theta[1] ?? 0) * n * Math.log(effective);
    out[4] = -(theta[2] ?? 0) * d * Math.log(x[3] ?? 0);
    out[5] = ((-(theta[1] ?? 0) * (theta[3] ?? 0) * n) / effective) * recursed * Math.log(x[2] ?? 0);
    return (theta[0] ?? 0) + (theta[1] ?? 0) * n + (theta[2] ?? 0) * d;
  },
  starts: () => grid([0.1, 0.2, 0.35, 0.6], [0.15, 0.25, 0.4, 0.7], [0.5, 0, 1]),
};
