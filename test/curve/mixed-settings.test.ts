import { expect, test } from "vitest";
import { mixedSettings } from "../../src/curve/read/mixed-settings.js";
import { parseRun, type Run } from "../../src/curve/read/read-run.js";
import { runLines } from "./run-lines.js";

function trained(seed: number, learningRate: number): Run {
  const run = parseRun("run.jsonl", runLines({ seed }).join("\n"));
  const configuration = { seed, batch: 4, schedule: { learningRate, warmupSteps: 10 }, horizons: [{ tokens: seed }] };
  return { ...run, header: { ...run.header, configuration } };
}

test("seeds and horizons may differ", () => {
  expect(mixedSettings([trained(1, 8e-3), trained(2, 8e-3)])).toEqual([]);
});

test("runs of one scheme with two learning rates are named, with both", () => {
  expect(mixedSettings([trained(1, 8e-3), trained(1, 16e-3)])).toEqual([
    "RINS r=3 (A^3 B): its runs differ in schedule.learningRate (0.008, 0.016) and count as one scheme; give those of one setting alone",
  ]);
});
