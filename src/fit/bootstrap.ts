// Redrawing data sets for the bootstrap: pairs, residuals or wild multiples of residuals, by point, by run, or by pair key with one draw
// for all groups, so that what schemes have in common at a horizon and seed stays in common in every replicate.
import { InputError } from "../base/errors.js";
import { mean } from "../base/mean.js";
import type { Random } from "../base/random.js";

/** "pairs" redraws points, "residual" redraws residuals, "wild" multiplies them by normal numbers. */
export type ResampleMethod = "pairs" | "residual" | "wild";
/** What is redrawn together: a point, all points of a run, or all points of a pair key in every group. */
export type ResampleUnit = "point" | "run" | "pair";

/** One group as the bootstrap sees it. */
export interface ResampleGroup {
  /** Observed losses ("pairs") or fitted ones ("residual", "wild"). */
  readonly loss: Float64Array;
  /** In the space of the fit; scale them by 1/√(1 − leverage), or the replicates spread too little. */
  readonly residual: Float64Array;
  readonly space: "log" | "linear";
  readonly pair: readonly string[] | null;
  readonly run: readonly string[] | null;
}

/** A redrawn group. The arrays are overwritten by the next draw. */
export interface Redrawn {
  readonly loss: Float64Array;
  /** How often each point was drawn; 1 except for "pairs". */
  readonly count: Float64Array;
}

export type Resampler = (random: Random) => readonly Redrawn[];

/**
 * A function that redraws all groups at once (Efron & Tibshirani 1993, chapters 8–9; Wu 1986 and Mammen 1993 for wild multipliers).
 * Throws InputError where the unit asks for keys that a group lacks, and for residuals redrawn by run: runs differ in
 * length, so use "wild" or "pairs" there.
 */
export function resampler(groups: readonly ResampleGroup[], method: ResampleMethod, unit: ResampleUnit): Resampler {
  if (method === "residual" && unit === "run") {
    throw new InputError("bootstrap: residuals are redrawn by point or pair, got unit run; use method wild or pairs");
  }
  const { unitOf, pools, units } = assignUnits(groups, unit);
  const redrawn = groups.map((group) => ({
    loss: Float64Array.from(group.loss),
    count: new Float64Array(group.loss.length).fill(1),
  }));
  const centred = groups.map((group) => {
    const center = mean(group.residual);
    return group.residual.map((value) => value - center);
  });
  const positions = groups.map((_, g) => positionsByUnit(unitOf[g] ?? new Int32Array(), units));
  const drawn = new Float64Array(units);
  return (random) => {
    drawUnits(method, pools, drawn, random);
    for (const [g, group] of groups.entries()) {
      const target = redrawn[g];
      const own = unitOf[g];
      const residual = method === "residual" ? centred[g] : group.residual;
      if (target === undefined || own === undefined || residual === undefined) continue;
      for (let i = 0; i < own.length; i++) {
        const draw = drawn[own[i] ?? Number.NaN] ?? Number.NaN;
        if (method === "pairs") {
          target.count[i] = draw;
          continue;
        }
        // A group without the drawn key (ladders of unequal length) takes one of its own residuals instead.
        const source = method === "wild" ? i : (positions[g]?.[draw] ?? draw % own.length);
        const shift = (method === "wild" ? draw : 1) * (residual[source] ?? Number.NaN);
        const fitted = group.loss[i] ?? Number.NaN;
        target.loss[i] = group.space === "log" ? fitted * Math.exp(shift) : fitted + shift;
      }
    }
    return redrawn;
  };
}

/** Into `drawn`, for each unit: times drawn ("pairs"), unit drawn in its place ("residual"), or a normal number ("wild"). */
function drawUnits(method: ResampleMethod, pools: readonly Int32Array[], drawn: Float64Array, random: Random): void {
  if (method === "pairs") drawn.fill(0);
  for (const pool of pools) {
    for (const unit of pool) {
      if (method === "wild") drawn[unit] = random.normal();
      else {
        const chosen = pool[random.integer(pool.length)] ?? Number.NaN;
        if (method === "residual") drawn[unit] = chosen;
        else drawn[chosen] = (drawn[chosen] ?? Number.NaN) + 1;
      }
    }
  }
}

/** The unit of every point, and the pools within which units are exchanged: one for all groups when paired. */
function assignUnits(
  groups: readonly ResampleGroup[],
  unit: ResampleUnit,
): { readonly unitOf: readonly Int32Array[]; readonly pools: readonly Int32Array[]; readonly units: number } {
  const known = new Map<string, number>();
  const unitOf = groups.map((group, g) => {
    const keys = unit === "pair" ? group.pair : unit === "run" ? group.run : null;
    if (unit !== "point" && keys === null) {
      throw new InputError(`bootstrap: unit ${unit} needs a ${unit} key for every point, got none; use unit point`);
    }
    return Int32Array.from(group.loss, (_, i) => {
      const key = unit === "pair" ? `${keys?.[i]}` : `${g}/${keys?.[i] ?? i}`;
      const index = known.get(key) ?? known.size;
      known.set(key, index);
      return index;
    });
  });
  const distinct = unitOf.map((list) => Int32Array.from(new Set(list)));
  const pools = unit === "pair" ? [Int32Array.from(known.values())] : distinct;
  return { unitOf, pools, units: known.size };
}

/** First position of each unit within a group; undefined where the group lacks it. */
function positionsByUnit(unitOf: Int32Array, units: number): readonly (number | undefined)[] {
  const positions = new Array<number | undefined>(units).fill(undefined);
  unitOf.forEach((unit, i) => {
    positions[unit] ??= i;
  });
  return positions;
}
