// Laws of parameters and tokens: Chinchilla (free and tied exponents) and its recursive form at a fixed unrolled depth.
import { at, grid, type Law, type LawParameter } from "./law.js";

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
    at(theta, 0) + at(theta, 1) * at(x, 0) ** -at(theta, 3) + at(theta, 2) * at(x, 1) ** -at(theta, 4),
  gradient: (theta, x, out) => {
    const [logN, logD] = [Math.log(at(x, 0)), Math.log(at(x, 1))];
    const [n, d] = [Math.exp(-at(theta, 3) * logN), Math.exp(-at(theta, 4) * logD)];
    out[0] = 1;
    out[1] = n;
    out[2] = d;
    out[3] = -at(theta, 1) * n * logN;
    out[4] = -at(theta, 2) * d * logD;
    return at(theta, 0) + at(theta, 1) * n + at(theta, 2) * d;
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
    at(theta, 0) + at(theta, 1) * at(x, 0) ** -at(theta, 3) + at(theta, 2) * at(x, 1) ** -at(theta, 3),
  gradient: (theta, x, out) => {
    const [logN, logD] = [Math.log(at(x, 0)), Math.log(at(x, 1))];
    const [n, d] = [Math.exp(-at(theta, 3) * logN), Math.exp(-at(theta, 3) * logD)];
    out[0] = 1;
    out[1] = n;
    out[2] = d;
    out[3] = -at(theta, 1) * n * logN - at(theta, 2) * d * logD;
    return at(theta, 0) + at(theta, 1) * n + at(theta, 2) * d;
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
    const effective = at(x, 0) + at(x, 2) ** at(theta, 5) * at(x, 1);
    return at(theta, 0) + at(theta, 1) * effective ** -at(theta, 3) + at(theta, 2) * at(x, 3) ** -at(theta, 4);
  },
  gradient: (theta, x, out) => {
    const recursed = at(x, 2) ** at(theta, 5) * at(x, 1);
    const effective = at(x, 0) + recursed;
    const [n, d] = [effective ** -at(theta, 3), at(x, 3) ** -at(theta, 4)];
    out[0] = 1;
    out[1] = n;
    out[2] = d;
    out[3] = -at(theta, 1) * n * Math.log(effective);
    out[4] = -at(theta, 2) * d * Math.log(at(x, 3));
    out[5] = ((-at(theta, 1) * at(theta, 3) * n) / effective) * recursed * Math.log(at(x, 2));
    return at(theta, 0) + at(theta, 1) * n + at(theta, 2) * d;
  },
  starts: () => grid([0.1, 0.2, 0.35, 0.6], [0.15, 0.25, 0.4, 0.7], [0.5, 0, 1]),
};
