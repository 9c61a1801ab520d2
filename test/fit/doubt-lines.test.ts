import { expect, test } from "vitest";
import { observe } from "../../src/curve/observe.js";
import { tableOf } from "../../src/curve/table.js";
import { doubtLines } from "../../src/fit/doubt-lines.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import type { Fit } from "../../src/fit/record.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";

const points = [1e6, 2e6, 4e6, 8e6, 16e6].map((tokens) => ({ tokens, loss: 2 + 300 * tokens ** -0.4 }));
const [group] = observe(tableOf("mine", points), ["tokens"]).groups;
if (group === undefined) throw new Error("no group");
const plain: Fit = { ...fitLaw(powerLawWithLimit, group), status: "converged", warnings: [] };
const far = (percent: number) => ({ code: "far", message: `the largest point keeps ${percent}%: lean on data` });

test("what is said of several fits is said once, with the range of its figures", () => {
  const fits = [{ ...plain, warnings: [far(56)] }, plain, { ...plain, warnings: [far(51.5)] }];
  expect(doubtLines(fits, ["a", "b", "c"])).toEqual(["a, c: far: the largest point keeps 51.5–56%: lean on data"]);
});

test("all fits are counted, many are cut short, one without a name has no head", () => {
  const doubtful: Fit = { ...plain, warnings: [far(50)] };
  const said = "far: the largest point keeps 50%: lean on data";
  expect(doubtLines([doubtful, doubtful], ["a", "b"])).toEqual([`all 2: ${said}`]);
  expect(doubtLines([...Array(6).fill(doubtful), plain], [..."abcdefg"])).toEqual([`a, b, c, d, 2 more: ${said}`]);
  expect(doubtLines([doubtful], [""])).toEqual([said]);
});

test("a status other than converged comes first, other words are another line", () => {
  const stopped: Fit = { ...plain, status: "at-bound", statusMessage: "limit ended on a bound", warnings: [far(50)] };
  expect(doubtLines([stopped, null], ["a", "b"])).toEqual([
    "a: at-bound: limit ended on a bound",
    "a: far: the largest point keeps 50%: lean on data",
  ]);
});
