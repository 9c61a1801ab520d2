// Published fits, recomputed from the published tables to the digits printed.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { fTail } from "../../src/fit/distributions.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import { lawByName } from "../../src/law/catalogue.js";
import { loopedLaw } from "../../src/law/chinchilla.js";
import { powerLaw, powerLawWithLimit } from "../../src/law/power-law.js";
import { points } from "./points.js";

const folder = path.resolve(import.meta.dirname, "../../../shared/reference");
const present = existsSync(folder);
if (!present) console.warn(`skipped: ${folder} is absent`);

function rows(file: string): Record<string, string>[] {
  const [header = "", ...lines] = readFileSync(path.join(folder, file), "utf8").trim().split(/\r?\n/);
  const names = header.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, i) => [names[i] ?? "", cell])));
}

const number = (row: Record<string, string>, name: string) => Number(row[name]);

const QLABS: Readonly<Record<string, readonly [limit: string, exponent: string, borrowed: string]>> = {
  vanilla: ["1.6932", "0.1101", "0.1112"],
  deep_vanilla: ["1.6736", "0.1086", "0.1114"],
  deep_vanilla_grow: ["1.6019", "0.1050", "0.1138"],
  operator_1: ["1.7307", "0.1165", "0.1143"],
  loop_2: ["1.6077", "0.1060", "0.1141"],
  // The table's note prints 1.5502; least squares from any start, by scipy as well, ends at 1.55013.
  loop_grow: ["1.5501", "0.1031", "0.1159"],
  untied_2: ["1.5989", "0.1051", "0.1141"],
  untied_grow: ["1.4705", "0.0975", "0.1168"],
};

test.skipIf(!present)(
  "eight ladders of arXiv 2609.19107: limits and exponents, free and under a borrowed limit",
  () => {
    const table = rows("qlabs-scaling-exponents/fineweb_ladders.csv");
    let total = 0;
    const ladder = (arm: string) => {
      const own = table.filter((row) => row.arm === arm);
      return points(
        [own.map((row) => number(row, "compute_flops") / 1e18)],
        own.map((row) => number(row, "val_loss")),
      );
    };
    // The authors free the limit on one arm only, in linear space, and fit log(L − E) on log C elsewhere.
    const borrowed = 1.7064;
    for (const [arm, [limit, exponent, authors]] of Object.entries(QLABS)) {
      const result = fitLaw(powerLawWithLimit, ladder(arm));
      total += result.objective;
      expect(result.status).toBe("converged");
      expect(result.parameters.limit?.estimate.toFixed(4), arm).toBe(limit);
      expect(result.parameters.exponent?.estimate.toFixed(4), arm).toBe(exponent);
      const { x, loss } = ladder(arm);
      const excess = points(
        [Array.from(x[0] ?? [])],
        Array.from(loss, (y) => y - borrowed),
      );
      expect(fitLaw(powerLaw, excess).parameters.exponent?.estimate.toFixed(4), `${arm}, limit borrowed`).toBe(authors);
    }
    expect(total.toExponential(4)).toBe("3.0930e-5");
  },
);

test.skipIf(!present)("the F tests' p-values on those ladders", () => {
  expect(fTail(1.713, 7, 34).toFixed(3)).toBe("0.139");
  expect(fTail(1.282, 7, 34).toFixed(3)).toBe("0.288");
  expect(fTail(7.39, 14, 34)).toBeCloseTo(9.97479164957385e-7, 15);
});

test.skipIf(!present)("over-training law of arXiv 2403.08540 from five small models, scored on the large ones", () => {
  const all = rows("gadre-over-training/derived_losses.csv").filter((row) => row.dataset === "rpj");
  const law = lawByName("E + a*N^b + c*6^(b/2)*(M*N)^b", ["N", "M"]);
  const five = all.filter(
    (row) => row.model?.startsWith("d=") && (row.M === "20.0" || (row.M === "320.0" && row.model === "d=96_l=8_h=4")),
  );
  const at = (row: Record<string, string>) => law.variables.map((variable) => number(row, variable));
  const result = fitLaw(
    law,
    points(
      law.variables.map((v) => five.map((row) => number(row, v))),
      five.map((row) => number(row, "loss_c4_val")),
    ),
    { space: "linear" },
  );
  const value = (name: string) => result.parameters[name]?.estimate ?? Number.NaN;
  expect(value("a").toFixed(3)).toBe("166.211");
  expect(value("c").toFixed(3)).toBe("366.687");
  expect(value("b").toFixed(4)).toBe("-0.2729");
  expect(value("E").toFixed(4)).toBe("1.8366");
  const theta = law.parameters.map((parameter) => value(parameter.name));
  const errors = Object.fromEntries(
    all
      .filter((row) => row.model?.startsWith("open_lm"))
      .map((row) => [
        `${row.model} ${row.M}`,
        (100 * Math.abs(law.value(theta, at(row)) / number(row, "loss_c4_val") - 1)).toFixed(4),
      ]),
  );
  expect(errors).toMatchObject({ "open_lm_1b 640.0": "0.7103", "open_lm_7b 20.0": "0.7320" });
});

test.skipIf(!present)("looped law of arXiv 2604.21106: the published joint fit predicts the isoFLOP optima", () => {
  const published: Record<string, number> = JSON.parse(
    readFileSync(path.join(folder, "looped-lm-scaling/fit.json"), "utf8"),
  );
  const theta = loopedLaw.parameters.map((parameter) => published[parameter.name] ?? Number.NaN);
  const shapes = rows("looped-lm-scaling/arch_table.csv");
  const errors = rows("looped-lm-scaling/isoflop_optima_r1248.csv").map((optimum) => {
    const family = shapes.filter((shape) => shape.r === optimum.r);
    const total = number(optimum, "N");
    // Parameters by group and FLOPs a token at the optimum's size, between neighbouring shapes in logarithm.
    const above = Math.max(
      1,
      family.findIndex((shape) => number(shape, "N_total_unique") >= total),
    );
    const between = (name: string) => {
      const [low, high] = [family[above - 1] ?? {}, family[above] ?? {}];
      const share =
        Math.log(total / number(low, "N_total_unique")) /
        Math.log(number(high, "N_total_unique") / number(low, "N_total_unique"));
      return number(low, name) * (number(high, name) / number(low, name)) ** share;
    };
    const tokens = number(optimum, "C_flops") / between("FLOPs_per_token");
    const x = [between("N_once"), between("N_rec_unique"), number(optimum, "r"), tokens];
    return Math.abs(loopedLaw.value(theta, x) - number(optimum, "L"));
  });
  expect(errors).toHaveLength(24);
  // The table's note says .007 on average and .023 at most without saying how it went between shapes; this way it is
  // .0077 and .0252, and no way tried comes out lower than .0075 and .0246.
  expect((errors.reduce((a, b) => a + b, 0) / 24).toFixed(4)).toBe("0.0077");
  expect(Math.max(...errors).toFixed(4)).toBe("0.0252");
});
