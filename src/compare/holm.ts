/** Holm's step-down adjustment (1979) of p-values, in their order; null stays null and does not count. */
export function holm(pValues: readonly (number | null)[]): readonly (number | null)[] {
  const known = pValues.flatMap((p, index) => (p === null ? [] : [{ p, index }])).sort((a, b) => a.p - b.p);
  const adjusted: (number | null)[] = pValues.map(() => null);
  let running = 0;
  for (const [rank, { p, index }] of known.entries()) {
    running = Math.max(running, Math.min(1, p * (known.length - rank)));
    adjusted[index] = running;
  }
  return adjusted;
}
