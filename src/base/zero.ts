// Where a continuous function of one variable passes 0.
type Place = readonly [x: number, value: number];

/**
 * Where f passes 0 between two places at which its signs differ: the end of the last bracket on the side of `to`, the bracket
 * being no longer than `tolerance`. Straight lines through its ends by the Illinois rule (Dowell & Jarratt 1971), kept off
 * the ends themselves; halves where a value is infinite.
 */
export function zero(f: (x: number) => number, from: Place, to: Place, tolerance: number): number {
  let [[near, below], [far, above]] = [from, to];
  const sign = Math.sign(above);
  for (let k = 0; k < 100 && Math.abs(far - near) > tolerance; k++) {
    const share = below / (below - above);
    const x = near + (Number.isFinite(below - above) ? Math.min(0.95, Math.max(0.05, share)) : 0.5) * (far - near);
    const value = f(x);
    if (value * sign > 0) [far, above, below] = [x, value, below / 2];
    else [near, below, above] = [x, value, above / 2];
  }
  return far;
}
