// How often each reason came.

/** Points by reason, in the order of their names. */
export function tally(codes: readonly string[]): { readonly reason: string; readonly points: number }[] {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => ({ reason, points: count }))
    .sort((a, b) => (a.reason < b.reason ? -1 : 1));
}
