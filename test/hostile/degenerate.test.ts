// Data that no law describes well: each ends in a FitError, or in a fit with a status or a warning, and never a NaN.
import { describe, expect, test } from "vitest";
import { FitError } from "../../src/base/errors.js";
import { observe } from "../../src/curve/observe.js";
import { tableOf } from "../../src/curve/table.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import type { Fit } from "../../src/fit/record.js";
import { lawByName } from "../../src/law/catalogue.js";

const TOKENS = Array.from({ length: 10 }, (_, i) => 1e6 * 2 ** i);
const wobble = (i: number): number => 1 + 1e-3 * Math.sin(7 * i + 1);
const curve = (loss: (tokens: number, i: number) => number, tokens = TOKENS): { tokens: number; loss: number }[] =>
  tokens.map((count, i) => ({ tokens: count, loss: loss(count, i) }));

const DATA: Readonly<Record<string, { tokens: number; loss: number }[]>> = {
  "two points": curve((d) => 2 + d ** -0.3).slice(0, 2),
  "equal losses": curve(() => 3),
  "equal tokens": curve((_, i) => 3 + i / 10, Array<number>(10).fill(1e6)),
  "rising losses": curve((d, i) => d ** 0.05 * wobble(i)),
  "an exact power law without limit": curve((d) => 50 * d ** -0.2),
  "a limit below zero": curve((d, i) => (-0.5 + 9 * d ** -0.08) * wobble(i)),
  "one outlier at 1e6": curve((d, i) => (i === 4 ? 1e6 : 2 + 50 * d ** -0.3) * wobble(i)),
  "constant to 1e-12": curve((_, i) => 3 * (1 + 1e-12 * Math.sin(i))),
  "losses of 1e-300": curve((d, i) => 1e-300 * (2 + 50 * d ** -0.3) * wobble(i)),
  "losses of 1e300": curve((d, i) => 1e300 * (2 + 50 * d ** -0.3) * wobble(i)),
  "tokens of 1e-300": curve((d, i) => (2 + 50 * d ** -0.3) * wobble(i)).map((p) => ({
    ...p,
    tokens: p.tokens * 1e-306,
  })),
  "tokens of 1e300": curve((d, i) => (2 + 50 * d ** -0.3) * wobble(i)).map((p) => ({ ...p, tokens: p.tokens * 1e294 })),
  "tokens from 1e-300 to 1e300": curve(
    (_, i) => 4 - i / 10,
    TOKENS.map((_, i) => 10 ** (-300 + 66 * i)),
  ),
  "two clusters": curve((d, i) => (2 + 50 * d ** -0.3) * wobble(i), [1e6, 1e6, 1e6, 1e9, 1e9, 1e9]),
};

/** What the law with a limit does not describe: a status other than converged, or a warning, has to say so. */
const DOUBTFUL = new Set([
  "rising losses",
  "a limit below zero",
  "one outlier at 1e6",
  "two clusters",
  "tokens from 1e-300 to 1e300",
]);

/** Paths of everything in a record that is a number and not finite. */
function nonFinite(value: unknown, path = ""): string[] {
  if (typeof value === "number") return Number.isFinite(value) ? [] : [`${path} = ${value}`];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => nonFinite(inner, `${path}.${key}`));
}

describe.each(["log", "linear"] as const)("in %s space", (space) => {
  describe.each(["power-law-with-limit", "power-law", "E + A*exp(-c*log(tokens))"])("%s", (name) => {
    test.each(Object.entries(DATA))("%s", (what, records) => {
      const law = lawByName(name, ["tokens"]);
      const [group] = observe(tableOf("t", records), law.variables).groups;
      if (group === undefined) throw new Error("no group");
      let fitted: Fit;
      try {
        fitted = fitLaw(law, group, { space });
      } catch (error) {
        expect(error).toBeInstanceOf(FitError);
        return;
      }
      expect(nonFinite(fitted)).toEqual([]);
      if (name === "power-law-with-limit" && DOUBTFUL.has(what)) {
        expect(fitted.status !== "converged" || fitted.warnings.length > 0).toBe(true);
      }
    });
  });
});
