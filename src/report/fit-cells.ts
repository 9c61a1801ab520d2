// Fits as a table: group, points, each parameter with its interval, what held-out points say, status; one row a fit.
import { count, significant } from "../base/format.js";
import type { Fit } from "../fit/record.js";
import { LAWS } from "../law/catalogue.js";
import { type Cells, left, right } from "./cells.js";

/** Groups and parameters are those of the first fit. */
export function fitCells(fits: readonly Fit[]): Cells {
  const [first] = fits;
  const groups = Object.keys(first?.group ?? {});
  const parameters = Object.keys(first?.parameters ?? {});
  const scored = fits.some((one) => one.heldOut !== null);
  return {
    columns: [
      ...groups.map(left),
      right("points"),
      ...parameters.map(left),
      ...(scored ? [left("held-out error")] : []),
      left("status"),
    ],
    rows: fits.map((fit) => [
      ...groups.map((key) => fit.group[key] ?? "–"),
      String(fit.points),
      ...parameters.map((key) => estimateText(fit, key)),
      ...(scored ? [heldOutText(fit.heldOut)] : []),
      fit.status,
    ]),
  };
}

/** A side that the data leave open ends where the law has the parameter end. */
function estimateText(fit: Fit, key: string): string {
  const parameter = fit.parameters[key];
  if (parameter === undefined) return "–";
  if (parameter.fixed) return `${significant(parameter.estimate)} (fixed)`;
  const { interval } = parameter;
  const bounds = LAWS.find(({ name }) => name === fit.law)?.parameters.find(({ name }) => name === key);
  const side = (value: number | null, open: number | undefined, otherwise: string) =>
    value !== null || Number.isFinite(open) ? significant(value ?? open) : otherwise;
  return interval === null
    ? significant(parameter.estimate)
    : `${significant(parameter.estimate)} [${side(interval.lower, bounds?.lower, "−∞")}, ${side(interval.upper, bounds?.upper, "∞")}]`;
}

/** Every point kept out of the fits: what was announced of it, and by how much that was off, with its sign. */
export function heldOutCells(fits: readonly Fit[]): Cells {
  const groups = Object.keys(fits[0]?.group ?? {});
  return {
    columns: [
      ...groups.map(left),
      right("held out at"),
      right("observed"),
      right("predicted"),
      right("predicted/observed − 1"),
      left("interval for a new run"),
    ],
    rows: fits.flatMap(({ group, heldOut }) =>
      (heldOut?.each ?? []).map(({ x, observed, predicted, error, newRun }) => [
        ...groups.map((key) => group[key] ?? "–"),
        x.map((value) => count(value)).join(", "),
        significant(observed),
        significant(predicted),
        `${error > 0 ? "+" : ""}${significant(100 * error, 2)}%`,
        newRun === null ? "–" : `[${significant(newRun.lower)}, ${significant(newRun.upper)}]`,
      ]),
    ),
  };
}

/** "0.71% of 3 points, 0.60 decades on". */
function heldOutText(heldOut: Fit["heldOut"]): string {
  if (heldOut === null) return "–";
  return `${significant(100 * heldOut.meanRelativeError, 2)}% of ${heldOut.points} points, ${significant(heldOut.decades, 2)} decades on`;
}
