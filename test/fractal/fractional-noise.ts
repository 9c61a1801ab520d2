// Fractional Gaussian noise, exact in law (Davies & Harte 1987): the outside truth of the estimators, H = S = J.
import FFT from "fft.js";
import type { Random } from "../../src/base/random.js";

/** Autocovariance of fractional Gaussian noise with variance 1: ½(|k+1|^2H − 2|k|^2H + |k−1|^2H). */
export const autocovariance = (lag: number, H: number): number =>
  0.5 * ((lag + 1) ** (2 * H) - 2 * lag ** (2 * H) + Math.abs(lag - 1) ** (2 * H));

/** A maker of series of `length` (a power of two) with Hurst exponent H, by embedding the covariance in a circle. */
export function fractionalNoise(length: number, H: number, random: Random): () => number[] {
  const size = 2 * length;
  const fft = new FFT(size);
  const circle = Array.from({ length: size }, (_, k) => autocovariance(Math.min(k, size - k), H));
  const spectrum = fft.createComplexArray();
  fft.realTransform(spectrum, circle);
  fft.completeSpectrum(spectrum);
  const deviations = Array.from({ length: size }, (_, k) => Math.sqrt(Math.max(0, spectrum[2 * k] ?? 0) / size));
  return () => {
    const drawn = fft.createComplexArray();
    for (let k = 0; k < size; k++) {
      drawn[2 * k] = (deviations[k] ?? 0) * random.normal();
      drawn[2 * k + 1] = (deviations[k] ?? 0) * random.normal();
    }
    const out = fft.createComplexArray();
    fft.transform(out, drawn);
    return Array.from({ length }, (_, t) => Number(out[2 * t]));
  };
}
