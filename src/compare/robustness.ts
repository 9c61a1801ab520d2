// Does the ranking of schemes survive other defensible choices? Loss × window × limit rule × outlier rule, in one table.

import { FitError } from "../base/errors.js";
import { extent } from "../base/extent.js";
import { item } from "../base/item.js";
import type { Observations } from "../curve/observations.js";
import { quantile } from "../fit/bootstrap-interval.js";
import { fitted } from "../fit/fitted.js";
import { pick } from "../fit/held-out.js";
import { groupName } from "../fit/problem/columns.js";
import { distinctPoints } from "../fit/problem/points.js";
import { DEFAULT_FIT_OPTIONS, type FitOptions } from "../fit/record.js";
import { at, type Law, mainVariable } from "../law/law.js";
import { powerLawWithLimit } from "../law/power-law.js";
import { borrowedLimit } from "./borrowed.js";
import type { LimitRule, Robustness, RobustnessRow } from "./comparison.js";

interface Choice {
  readonly name: string;
  readonly options: FitOptions;
}

const under = (loss: FitOptions["loss"], space: FitOptions["space"]): FitOptions => ({
  ...DEFAULT_FIT_OPTIONS,
  interval: "delta",
  loss,
  space,
});
const LOSSES: readonly Choice[] = [
  { name: "squared", options: under({ kind: "squared" }, "log") },
  { name: "squared", options: under({ kind: "squared" }, "linear") },
  { name: "huber:0.001", options: under({ kind: "huber", delta: 1e-3 }, "log") },
];
const WINDOWS = ["all", "without the smallest", "without the largest"] as const;
/** Residuals beyond this many robust standard deviations (1.4826·median |r|) are dropped. */
const OUTLIER = 3.5;

/**
 * Every combination, for a law's first limit and first exponent; rows that give a scheme no value hold null there and rank
 * nothing. A limit is borrowed under the default law only.
 */
export function robustness(law: Law, groups: readonly Observations[], baseline: number): Robustness {
  const names = groups.map(groupName);
  const rules: readonly LimitRule[] = law === powerLawWithLimit ? ["free", "shared", "borrowed"] : ["free", "shared"];
  const rows = LOSSES.flatMap((loss) =>
    WINDOWS.flatMap((window) =>
      (["kept", "dropped"] as const).flatMap((outliers) =>
        rules.map((limitRule): RobustnessRow => {
          const windowed = groups.map((group) => cutWindow(law, group, window));
          const pairs = orNone(groups, () => {
            const kept = outliers === "kept" ? windowed : windowed.map((group) => dropOutliers(law, group, loss));
            return estimates(law, kept, baseline, limitRule, loss);
          });
          const limits = pairs.map((pair) => pair?.[0] ?? null);
          const exponents = pairs.map((pair) => pair?.[1] ?? null);
          return {
            loss: loss.name,
            space: loss.options.space,
            window,
            limitRule,
            outliers,
            limits,
            exponents,
            byExponent: ranked(names, exponents, -1),
            byLimit: limitRule === "free" ? ranked(names, limits, 1) : [],
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

type Pair = readonly [limit: number | null, exponent: number | null];

/** Null for every scheme where the points of one hold no estimate. */
function orNone(groups: readonly Observations[], estimate: () => readonly (Pair | null)[]): readonly (Pair | null)[] {
  try {
    return estimate();
  } catch (error) {
    if (!(error instanceof FitError)) throw error;
    return groups.map(() => null);
  }
}

function estimates(
  law: Law,
  groups: readonly Observations[],
  baseline: number,
  rule: LimitRule,
  { options }: Choice,
): readonly (Pair | null)[] {
  if (rule === "borrowed") {
    return borrowedLimit(groups, baseline, options).map(({ limit, exponent }) => [limit, exponent]);
  }
  const place = (role: "limit" | "exponent") => law.parameters.findIndex((parameter) => parameter.role === role);
  const [limit, exponent] = [place("limit"), place("exponent")];
  const share = rule === "shared" ? law.parameters.filter(({ role }) => role === "limit").map(({ name }) => name) : [];
  const thetas =
    share.length > 0
      ? fitted(law, groups, options, { share, by: {} }).thetas
      : groups.map((group) => item(fitted(law, [group], options).thetas, 0));
  return thetas.map((theta) => [theta[limit] ?? null, theta[exponent] ?? null]);
}

function cutWindow(law: Law, group: Observations, window: (typeof WINDOWS)[number]): Observations {
  if (window === "all") return group;
  const x = item(group.x, mainVariable(law));
  const [least, most] = extent(x);
  const edge = window === "without the smallest" ? least : most;
  return pick(
    group,
    Array.from(x.keys()).filter((i) => x[i] !== edge),
  );
}

function dropOutliers(law: Law, group: Observations, { options }: Choice): Observations {
  if (distinctPoints(group.x) < law.parameters.length) return group;
  const { problem, solution } = fitted(law, [group], options);
  const sizes = new Float64Array(problem.points);
  problem.residuals(solution.free, sizes);
  const absolute = sizes.map(Math.abs);
  const bound = OUTLIER * 1.4826 * quantile(absolute.slice().sort(), 0.5);
  return pick(
    group,
    Array.from(absolute.keys()).filter((i) => at(absolute, i) <= bound),
  );
}

function ranked(names: readonly string[], values: readonly (number | null)[], sign: 1 | -1): readonly string[] {
  const known = values.flatMap((value, l) => (value === null ? [] : [{ value, name: names[l] ?? "" }]));
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
