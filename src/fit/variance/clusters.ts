// Which points share an error, read off their keys: the points of one run, or those of different groups at one pair key
// (a horizon and seed).
import type { Observations } from "../../curve/observations.js";

export interface Clusters {
  /** What made them, for the output: "point" where none share an error. */
  readonly by: "point" | "run" | "pair";
  /** Of every point, group after group; null by point. */
  readonly of: Int32Array | null;
  readonly count: number;
}

/**
 * By run where a run supplies several points, else by pair key where several groups have it, else by point. What runs of
 * different groups share at a pair key beside that is left in the error of their difference, which it makes too wide at
 * worst; the other way round it would be too narrow by far.
 */
export function clustersOf(groups: readonly Pick<Observations, "loss" | "run" | "pair">[]): Clusters {
  const runs = keysOf(groups, ({ run }, g, i) => (run === null ? null : `${g}/${run[i]}`));
  const pairs = groups.length > 1 ? keysOf(groups, ({ pair }, _, i) => pair?.[i] ?? null) : null;
  if (runs !== null) return { by: "run", ...numbered(runs) };
  if (pairs !== null) return { by: "pair", ...numbered(pairs) };
  return { by: "point", of: null, count: groups.reduce((sum, { loss }) => sum + loss.length, 0) };
}

/** One key a point; null where a group has none, or where no two points share one. */
function keysOf<Group extends { readonly loss: Float64Array }>(
  groups: readonly Group[],
  key: (group: Group, g: number, i: number) => string | null,
): readonly string[] | null {
  const keys = groups.flatMap((group, g) => Array.from(group.loss, (_, i) => key(group, g, i)));
  const known = keys.filter((k) => k !== null);
  return known.length === keys.length && new Set(known).size < known.length ? known : null;
}

function numbered(keys: readonly string[]): { readonly of: Int32Array; readonly count: number } {
  const numbers = new Map<string, number>();
  for (const key of keys) if (!numbers.has(key)) numbers.set(key, numbers.size);
  return { of: Int32Array.from(keys, (key) => numbers.get(key) ?? Number.NaN), count: numbers.size };
}
