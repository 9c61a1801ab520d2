// A verdict takes the law for true: where a scheme's fit is not to be read, none is given, whatever the tests reject.
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { compare } from "../../src/compare/compare.js";
import { obstacles } from "../../src/compare/obstacles.js";
import type { Observations } from "../../src/curve/observations.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";

function scheme(name: string, loss: (tokens: number) => number): Observations {
  const noise = random(name);
  const tokens = [1, 2, 4, 8, 16, 32, 64].flatMap((millions) => [millions * 1e6, millions * 1e6]);
  return {
    group: { scheme: name },
    x: [Float64Array.from(tokens)],
    loss: Float64Array.from(tokens, (d) => loss(d) * (1 + 0.0005 * noise.normal())),
    standardError: null,
    run: null,
    pair: tokens.map((d, i) => `${d}/${i % 2}`),
    decayed: null,
    excluded: [],
  };
}

const plain = scheme("plain", (d) => 2 + 400 * d ** -0.4);
const options = { replicates: 0 };

test("schemes that follow the law and differ get a verdict", () => {
  const steeper = scheme("steeper", (d) => 2 + 3000 * d ** -0.55);
  const { attribution } = compare([plain, steeper], options);
  expect(attribution.obstacles).toEqual([]);
  expect(attribution.verdict).toBe("exponent");
});

test("a scheme that does not level off ends at the bound of the limit, and no verdict is given", () => {
  const logarithmic = scheme("logarithmic", (d) => 9 - 0.35 * Math.log(d));
  const { attribution } = compare([plain, logarithmic], options);
  expect(attribution.obstacles).toContainEqual({ scheme: "logarithmic", code: "at-bound" });
  expect(attribution.tests.some((one) => one.rejected)).toBe(true);
  expect([attribution.verdict, attribution.pairs[0]?.verdict]).toEqual(["cannot tell", "cannot tell"]);
});

test("a plateau before the power law leaves a shape in the residuals, and no verdict is given", () => {
  const plateau = scheme("plateau", (d) => 2 + 4 / (1 + (d / 8e6) ** 2));
  const { attribution } = compare([plain, plateau], options);
  expect(attribution.obstacles.map(({ scheme: name }) => name)).toContain("plateau");
  expect(attribution.verdict).toBe("cannot tell");
});

test("forty schemes of one law: no shape is found in the residuals of any, by chance alone", () => {
  const fits = Array.from({ length: 40 }, (_, s) => {
    const noise = random(s).split("forty");
    const tokens = [1, 3, 10, 30, 100, 300].flatMap((millions) => [millions * 1e6, millions * 1e6]);
    const group = scheme(String(s), () => 1);
    const loss = Float64Array.from(tokens, (d) => (2 + 60 * d ** -0.25) * (1 + 0.005 * noise.normal()));
    return fitLaw(powerLawWithLimit, { ...group, x: [Float64Array.from(tokens)], loss, pair: null });
  });
  const found = obstacles(
    fits.map((_, s) => String(s)),
    fits,
    [],
    [],
  );
  expect(found.filter(({ code }) => code === "residuals-structured")).toEqual([]);
  expect(fits.every(({ structure }) => structure !== null)).toBe(true);
});
