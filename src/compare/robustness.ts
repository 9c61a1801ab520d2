// Does the ranking of schemes survive other defensible choices? Loss × window × limit rule × outlier rule, in one table.
import { quantile } from "../fit/bootstrap-interval.js";
import { borrowedLimit } from "./borrowed.js";
import type { LimitRule, Robustness, RobustnessRow } from "./comparison.js";
import { residuals } from "./joint.js";
import { type JointModel, type Ladder, WIDTH } from "./ladder.js";
import { fitFree } from "./ladders.js";
import { fitJoint, fitLadder } from "./starts.js";

const LOSSES: readonly { readonly name: string; readonly space: "log" | "linear"; readonly huber: number | null }[] = [
  { name: "squared", space: "log", huber: null },
  { name: "squared", space: "linear", huber: null },
  { name: "huber:0.001", space: "log", huber: 1e-3 },
];
const WINDOWS = ["all", "without the smallest", "without the largest"] as const;
const RULES: readonly LimitRule[] = ["free", "shared", "borrowed"];
/** Residuals beyond this many robust standard deviations (1.4826·median |r|) are dropped. */
const OUTLIER = 3.5;

/**
 * Every combination; rows that give a scheme no value hold null there and rank nothing.
 */
export function robustness(ladders: readonly Ladder[], origin: number, baseline: number): Robustness {
  const rows = LOSSES.flatMap((loss) =>
    WINDOWS.flatMap((window) =>
      (["kept", "dropped"] as const).flatMap((outliers) =>
        RULES.map((limitRule): RobustnessRow => {
          const windowed = ladders.map((ladder) => cutWindow(ladder, window));
          const kept = outliers === "kept" ? windowed : windowed.map((ladder) => dropOutliers(ladder, loss));
          const pairs = estimates(kept, origin, baseline, limitRule, loss);
          const limits = pairs.map((pair) => pair?.[0] ?? null);
          const exponents = pairs.map((pair) => pair?.[1] ?? null);
          return {
            loss: loss.name,
            space: loss.space,
            window,
            limitRule,
            outliers,
            limits,
            exponents,
            byExponent: ranked(ladders, exponents, -1),
            byLimit: limitRule === "free" ? ranked(ladders, limits, 1) : [],
          };
        }),
      ),
    ),
  );
  return {
    rows,
    sameBestExponent: agreement(rows.map((row) => row.byExponent.slice(0, 1))),
    sameOrderExponent: agreement(rows.map((row) => row.byExponent)),
    sameBestLimit: agreement(rows.map((row) => row.byLimit.slice(0, 1))),
    sameOrderLimit: agreement(rows.map((row) => row.byLimit)),
  };
}

type Pair = readonly [limit: number, exponent: number];

function estimates(
  ladders: readonly Ladder[],
  origin: number,
  baseline: number,
  rule: LimitRule,
  loss: (typeof LOSSES)[number],
): readonly (Pair | null)[] {
  const none = ladders.map(() => null);
  const at = (theta: Float64Array, l: number): Pair => [theta[l * WIDTH] ?? 0, theta[l * WIDTH + 2] ?? 0];
  if (ladders.some((ladder) => new Set(ladder.u).size < WIDTH)) return none;
  if (rule === "borrowed") {
    const rows = borrowedLimit(ladders, baseline, loss.space, loss.huber);
    return rows.map((row) => (row.limit === null || row.exponent === null ? null : [row.limit, row.exponent]));
  }
  const fits = ladders.map((ladder) => fitLadder(ladder, loss.space, null, loss.huber));
  if (rule === "free") return fits.map((fit) => (fit === null ? null : at(fit.theta, 0)));
  if (fits.some((fit) => fit === null)) return none;
  const free = fitFree(ladders, origin, loss.space, loss.huber);
  const model: JointModel = { space: loss.space, limit: "shared", exponent: "free", huber: loss.huber };
  const joint = fitJoint(ladders, model, free.theta);
  return joint === null ? none : ladders.map((_, l) => at(joint.theta, l));
}

function cutWindow(ladder: Ladder, window: (typeof WINDOWS)[number]): Ladder {
  if (window === "all") return ladder;
  const edge = window === "without the smallest" ? Math.min(...ladder.u) : Math.max(...ladder.u);
  return keep(ladder, (i) => ladder.u[i] !== edge);
}

function dropOutliers(ladder: Ladder, loss: (typeof LOSSES)[number]): Ladder {
  if (new Set(ladder.u).size < WIDTH) return ladder;
  const fit = fitLadder(ladder, loss.space, null, loss.huber);
  if (fit === null) return ladder;
  const model: JointModel = { space: loss.space, limit: "free", exponent: "free", huber: loss.huber };
  const sizes = (residuals([ladder], model, fit.theta)[0] ?? new Float64Array()).map(Math.abs);
  const bound = OUTLIER * 1.4826 * quantile(sizes.slice().sort(), 0.5);
  return keep(ladder, (i) => (sizes[i] ?? 0) <= bound);
}

function keep(ladder: Ladder, wanted: (i: number) => boolean): Ladder {
  const filter = <T>(list: readonly T[] | null) => list?.filter((_, i) => wanted(i)) ?? null;
  return {
    name: ladder.name,
    u: ladder.u.filter((_, i) => wanted(i)),
    loss: ladder.loss.filter((_, i) => wanted(i)),
    weight: ladder.weight.filter((_, i) => wanted(i)),
    pair: filter(ladder.pair),
    run: filter(ladder.run),
  };
}

function ranked(ladders: readonly Ladder[], values: readonly (number | null)[], sign: 1 | -1): readonly string[] {
  const known = values.flatMap((value, l) => (value === null ? [] : [{ value, name: ladders[l]?.name ?? "" }]));
  if (known.length < values.length) return [];
  return known.sort((a, b) => sign * (a.value - b.value)).map((entry) => entry.name);
}

/** Share of the rankings that equal the first one, empty ones left out; null where there is none. */
function agreement(rankings: readonly (readonly string[])[]): number | null {
  const full = rankings.filter((ranking) => ranking.length > 0);
  const first = full[0];
  if (first === undefined) return null;
  return full.filter((ranking) => ranking.every((name, i) => name === first[i])).length / full.length;
}
