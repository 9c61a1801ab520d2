// Where a continuous function of one variable passes 0.
type Place = readonly [x: number, value: number];

/**
 * Where f passes 0 between two places at which its signs differ, to `tolerance`: inverse quadratic interpolation where the
 * last three values allow it, halves elsewhere (Chandrupatla 1997, Advances in Engineering Software 28). A value may be infinite.
 */
export function zero(f: (x: number) => number, from: Place, to: Place, tolerance: number): number {
  let [[x1, f1], [x2, f2]] = [from, to];
  let [x3, f3, share] = [x2, f2, 0.5];
  for (;;) {
    const x = x1 + share * (x2 - x1);
    const value = f(x);
    if (value > 0 === f1 > 0) [x3, f3] = [x1, f1];
    else [x3, f3, x2, f2] = [x2, f2, x1, f1];
    [x1, f1] = [x, value];
    // No finer than numbers of that size are apart.
    const least = Math.max(tolerance, 4 * Number.EPSILON * Math.abs(x1)) / Math.abs(x2 - x1);
    // Also where a value is not a number.
    if (!(least <= 0.5) || f1 === 0) return Math.abs(f2) < Math.abs(f1) ? x2 : x1;
    const [place, height] = [(x1 - x2) / (x3 - x2), (f1 - f2) / (f3 - f2)];
    const smooth = height ** 2 < place && (1 - height) ** 2 < 1 - place;
    share = smooth
      ? (f1 / (f2 - f1)) * (f3 / (f2 - f3)) + ((x3 - x1) / (x2 - x1)) * (f1 / (f3 - f1)) * (f2 / (f3 - f2))
      : 0.5;
    share = Math.min(1 - least, Math.max(least, share));
  }
}
