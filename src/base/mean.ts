// The mean of a sample and its standard error.

type Sample = readonly number[] | Float64Array;

/** Σv/n; NaN of nothing. */
export function mean(values: Sample): number {
  let [sum, n] = [0, 0];
  for (const value of values) {
    sum += value;
    n++;
  }
  return sum / n;
}

/** s/√n with s² = Σ(v − mean)²/(n − 1); NaN of fewer than two. */
export function standardErrorOfMean(values: Sample): number {
  const center = mean(values);
  let [squares, n] = [0, 0];
  for (const value of values) {
    squares += (value - center) ** 2;
    n++;
  }
  return Math.sqrt(squares / (n - 1) / n);
}
