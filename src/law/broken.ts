// The smoothly broken power law (BNSL, arXiv 2210.14891, eq. 1), with one and with two breaks.
import { grid, type Law, type LawParameter } from "./law.js";

const ANY = { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };

/** y = a + b·D^−c0·Πᵢ (1 + (D/dᵢ)^(1/fᵢ))^(−cᵢ·fᵢ): slope −c0 before the first break dᵢ, −(c0 + c1) after it. */
function broken(breaks: 1 | 2): Law {
  const parameters: LawParameter[] = [
    { name: "a", meaning: "loss as tokens → ∞", lower: 0, upper: ANY.upper, linear: true, role: "limit" },
    { name: "b", meaning: "factor of D^−c0", lower: 0, upper: ANY.upper, linear: true, role: "coefficient" },
    { name: "c0", meaning: "exponent before the first break", lower: -10, upper: 10, linear: false, role: "exponent" },
  ];
  for (let i = 1; i <= breaks; i++) {
    parameters.push(
      {
        name: `c${i}`,
        meaning: `change of the exponent at break ${i}`,
        lower: -10,
        upper: 10,
        linear: false,
        role: "exponent",
      },
      { name: `d${i}`, meaning: `tokens at break ${i}`, lower: 1e-300, upper: ANY.upper, linear: false, role: "other" },
      {
        name: `f${i}`,
        meaning: `sharpness of break ${i}: 0 is a corner`,
        lower: 1e-3,
        upper: 100,
        linear: false,
        role: "other",
      },
    );
  }
  /** log of the shape D^−c0·Π(…), and with `out` its derivatives by the parameters after a and b. */
  const logShape = (theta: ArrayLike<number>, logD: number, out: Float64Array | null): number => {
    let sum = -(theta[2] ?? 0) * logD;
    if (out !== null) out[2] = -logD;
    for (let i = 0; i < breaks; i++) {
      const [c, d, f] = [theta[3 + 3 * i] ?? 0, theta[4 + 3 * i] ?? 0, theta[5 + 3 * i] ?? 0];
      const t = (logD - Math.log(d)) / f;
      const softplus = t > 0 ? t + Math.log1p(Math.exp(-t)) : Math.log1p(Math.exp(t));
      const logistic = 1 / (1 + Math.exp(-t));
      sum -= c * f * softplus;
      if (out === null) continue;
      out[3 + 3 * i] = -f * softplus;
      out[4 + 3 * i] = (c * logistic) / d;
      out[5 + 3 * i] = -c * (softplus - logistic * t);
    }
    return sum;
  };
  return {
    name: breaks === 1 ? "bnsl-1" : "bnsl-2",
    formula: `a + b·D^−c0·${breaks === 1 ? "(1 + (D/d1)^(1/f1))^(−c1·f1)" : "Π (1 + (D/di)^(1/fi))^(−ci·fi), i = 1, 2"}`,
    variables: ["tokens"],
    parameters,
    value: (theta, x) => (theta[0] ?? 0) + (theta[1] ?? 0) * Math.exp(logShape(theta, Math.log(x[0] ?? 0), null)),
    gradient: (theta, x, out) => {
      const shape = Math.exp(logShape(theta, Math.log(x[0] ?? 0), out));
      for (let k = 2; k < parameters.length; k++) out[k] = (out[k] ?? 0) * (theta[1] ?? 0) * shape;
      out[0] = 1;
      out[1] = shape;
      return (theta[0] ?? 0) + (theta[1] ?? 0) * shape;
    },
    starts: (x) => {
      const sorted = Float64Array.from(x[0] ?? new Float64Array(0)).sort();
      const quantile = (q: number) => sorted[Math.round(q * (sorted.length - 1))] ?? 0;
      const slopes = [0.05, 0.2, 0.5, 1];
      const changes = [-0.3, -0.1, 0.1, 0.3, 1];
      if (breaks === 1) return grid(slopes, changes, [0.25, 0.5, 0.75].map(quantile), [0.1, 0.5]);
      return grid(slopes, changes, [0.2, 0.4].map(quantile), [0.2], changes, [0.6, 0.8].map(quantile), [0.2]);
    },
  };
}

/** One break: a + b·D^−c0·(1 + (D/d1)^(1/f1))^(−c1·f1). */
export const brokenPowerLaw = broken(1);
/** Two breaks: the same with a second factor. */
export const twiceBrokenPowerLaw = broken(2);
