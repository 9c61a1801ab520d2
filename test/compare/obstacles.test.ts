// A verdict takes the law for true: where a scheme's fit is not to be read, none is given, whatever the tests reject.
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { compare } from "../../src/compare/compare.js";
import type { Observations } from "../../src/curve/observations.js";

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
const options = { replicates: 0, testReplicates: 0 };

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
