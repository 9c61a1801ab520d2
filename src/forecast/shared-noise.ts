// How much of their noise two schemes share: runs of one seed and horizon rise and fall together.
import type { Observations } from "../curve/observations.js";
import { at } from "../law/law.js";

const LEAST_PAIRS = 4;

/**
 * Correlation, at pair keys, of what a moving line through three neighbours leaves of log losses; 0 where fewer than four
 * keys are shared, or where it would be negative.
 */
export function sharedNoise(one: Observations | undefined, other: Observations | undefined): number {
  if (one?.pair == null || other?.pair == null) return 0;
  const [a, b] = [roughness(one), roughness(other)];
  const both = [...a.keys()].filter((key) => b.has(key));
  if (both.length < LEAST_PAIRS) return 0;
  const product = (f: (key: string) => number) => both.reduce((sum, key) => sum + f(key), 0);
  const [u, v] = [(key: string) => a.get(key) ?? 0, (key: string) => b.get(key) ?? 0];
  const scale = Math.sqrt(product((key) => u(key) ** 2) * product((key) => v(key) ** 2));
  return scale > 0 ? Math.max(0, product((key) => u(key) * v(key)) / scale) : 0;
}

/** Each point's log loss less the line between its neighbours in x; ends have none. */
function roughness({ x, loss, pair }: Observations): ReadonlyMap<string, number> {
  const logX = (x[0] ?? new Float64Array(0)).map(Math.log);
  const order = Array.from(logX.keys()).sort((a, b) => at(logX, a) - at(logX, b) || at(loss, a) - at(loss, b));
  const found = new Map<string, number>();
  for (let k = 1; k < order.length - 1; k++) {
    const [before, i, after] = [at(order, k - 1), at(order, k), at(order, k + 1)];
    const [left, right] = [at(logX, before), at(logX, after)];
    const share = right > left ? (at(logX, i) - left) / (right - left) : 0.5;
    const line = Math.log(at(loss, before)) * (1 - share) + Math.log(at(loss, after)) * share;
    const key = pair?.[i];
    if (key !== undefined) found.set(key, Math.log(at(loss, i)) - line);
  }
  return found;
}
