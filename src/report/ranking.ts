// The schemes at the largest budget that all of them reached, the lowest mean loss first: what one horizon can tell.
import { mean } from "../base/mean.js";
import { drawn } from "./drawn.js";
import type { Ranking, ReportPoint, ReportSource, Variable } from "./record.js";

/** Budgets this near are one: token counts are whole steps. */
const SAME_BUDGET = 0.02;

/** Null where the schemes share no budget. */
export function ranking({ points, schemes }: ReportSource, variable: Variable): Ranking | null {
  const fitted = points.filter((point) => point.excluded === null && point[variable] !== null);
  const budgets = [...new Set(fitted.map((point) => point[variable] ?? 0))].sort((a, b) => b - a);
  const budget = budgets.find((common) =>
    schemes.every(({ name }) => fitted.some((point) => point.scheme === name && isAt(point, variable, common))),
  );
  if (budget === undefined) return null;
  const ranked = schemes.map(({ name, label }) => {
    const losses = fitted
      .filter((point) => point.scheme === name && isAt(point, variable, budget))
      .map((point) => point.loss);
    return {
      label,
      loss: drawn(mean(losses)),
      lowest: Math.min(...losses),
      highest: Math.max(...losses),
      points: losses.length,
    };
  });
  return { budget, schemes: ranked.sort((a, b) => a.loss - b.loss) };
}

/** Whether a point lies at a budget. */
export function isAt(point: ReportPoint, variable: Variable, budget: number): boolean {
  return isOneBudget(point[variable], budget);
}

/** Whether two budgets are one but for whole steps. */
export const isOneBudget = (one: number | null, other: number | null | undefined): boolean =>
  Math.abs((one ?? 0) / (other ?? Number.NaN) - 1) < SAME_BUDGET;
