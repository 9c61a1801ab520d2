// The logarithm of a variance that is estimated with ν degrees of freedom, σ²·ν/χ²_ν seen from the data: its mean and
// spread, and the degrees of freedom that a given spread amounts to. What a mixture of t distributions is matched by.

/** E log(ν/χ²_ν) = log(ν/2) − ψ(ν/2). */
export function logVarianceMean(degreesOfFreedom: number): number {
  return Math.log(degreesOfFreedom / 2) - digamma(degreesOfFreedom / 2);
}

/** Var log χ²_ν = ψ′(ν/2). */
export function logVarianceSpread(degreesOfFreedom: number): number {
  return trigamma(degreesOfFreedom / 2);
}

/** ν with that spread, by halves of its logarithm. */
export function logVarianceDegrees(spread: number): number {
  let [low, high] = [Math.log(0.1), Math.log(1e7)];
  while (high - low > 1e-10) {
    const half = (low + high) / 2;
    if (logVarianceSpread(Math.exp(half)) > spread) low = half;
    else high = half;
  }
  return Math.exp((low + high) / 2);
}

/** Where the asymptotic series (Abramowitz & Stegun 6.3.18, 6.4.12) are good to 1e−13; below it by recurrence. */
const ASYMPTOTIC = 12;

function digamma(x: number): number {
  if (x < ASYMPTOTIC) return digamma(x + 1) - 1 / x;
  const s = 1 / (x * x);
  return Math.log(x) - 0.5 / x - s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s / 132))));
}

function trigamma(x: number): number {
  if (x < ASYMPTOTIC) return trigamma(x + 1) + 1 / (x * x);
  const s = 1 / (x * x);
  return (1 + 0.5 / x + s * (1 / 6 - s * (1 / 30 - s * (1 / 42 - s * (1 / 30 - (s * 5) / 66))))) / x;
}
