// Loss along a budget as the scaling law has it, one valley a budget: what a parabola in log N only approximates.
import { at, type Law, type LawParameter } from "../law/law.js";

const LEAST = 0.02;
const MOST = 3;

/**
 * L_b(s) = e_b + p_b·s^−α + q_b·s^β, s the size over the valley's central one, α and β shared by all valleys. On
 * L = E + A·N^−α + B·D^−β with C = κ·N^g·D it is exact (q's exponent is g·β), so its minimum has none of the parabola's
 * bias (arXiv 2603.22339), while every budget keeps a minimum of its own. Variables: valley number, size.
 */
export function valleyLaw(valleys: number): Law {
  const linear = (name: string, meaning: string, lower: number): LawParameter => ({
    name,
    meaning,
    lower,
    upper: Number.POSITIVE_INFINITY,
    linear: true,
    role: "coefficient",
  });
  const exponent = (name: string, meaning: string): LawParameter => ({
    name,
    meaning,
    lower: LEAST,
    upper: MOST,
    linear: false,
    role: "exponent",
  });
  const parameters = [
    ...Array.from({ length: valleys }, (_, b) => [
      linear(`e${b}`, "floor of the valley", Number.NEGATIVE_INFINITY),
      linear(`p${b}`, "what too small a size costs", 0),
      linear(`q${b}`, "what too few tokens cost", 0),
    ]).flat(),
    exponent("alpha", "exponent of parameters"),
    exponent("beta", "exponent of tokens along a budget"),
  ];
  const place = 3 * valleys;
  const value = (theta: ArrayLike<number>, x: ArrayLike<number>) => {
    const [k, logSize] = [3 * at(x, 0), Math.log(at(x, 1))];
    return (
      at(theta, k) +
      at(theta, k + 1) * Math.exp(-at(theta, place) * logSize) +
      at(theta, k + 2) * Math.exp(at(theta, place + 1) * logSize)
    );
  };
  return {
    name: "isoflop-valleys",
    formula: "e_b + p_b·s^−alpha + q_b·s^beta",
    variables: ["valley", "size"],
    parameters,
    value,
    gradient: (theta, x, out) => {
      const [k, logSize] = [3 * at(x, 0), Math.log(at(x, 1))];
      const [falling, rising] = [Math.exp(-at(theta, place) * logSize), Math.exp(at(theta, place + 1) * logSize)];
      out.fill(0);
      out[k] = 1;
      out[k + 1] = falling;
      out[k + 2] = rising;
      out[place] = -at(theta, k + 1) * falling * logSize;
      out[place + 1] = at(theta, k + 2) * rising * logSize;
      return value(theta, x);
    },
    starts: () => [
      [0.35, 0.3],
      [0.15, 0.15],
      [0.5, 0.15],
      [0.15, 0.5],
      [0.8, 0.8],
    ],
  };
}

/** log of the size (over the central one) where valley b is lowest: log(αp/(βq))/(α + β); NaN where it has no bottom. */
export function lowestOf(theta: ArrayLike<number>, valleys: number, b: number): number {
  const [p, q] = [at(theta, 3 * b + 1), at(theta, 3 * b + 2)];
  const [alpha, beta] = [at(theta, 3 * valleys), at(theta, 3 * valleys + 1)];
  return p > 0 && q > 0 ? Math.log((alpha * p) / (beta * q)) / (alpha + beta) : Number.NaN;
}
