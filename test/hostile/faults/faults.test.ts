// The systematic fault test, short: a part of the calls, each failed in one way. All of them: npm run fuzz.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { compileShim, disturbable, KINDS, SCENARIOS } from "./faults.js";

/** Of every so many calls one is failed; a sweep and a training take a second each time. */
const STRIDES: Readonly<Record<string, number>> = {
  train: 13,
  sweep: 41,
  report: 3,
  "report-command": 29,
  forecast: 5,
  fractal: 17,
};

const home = mkdtempSync(path.join(tmpdir(), "rinsight-faults-"));
afterAll(() => rmSync(home, { recursive: true }));
const shim = compileShim(home);

test.skipIf(shim === null).each(SCENARIOS)("$name survives (needs Linux, cc and npm run build)", (scenario) => {
  const { calls, outcome } = disturbable(scenario, shim ?? "", home);
  expect(calls.length).toBeGreaterThan(3);
  const stride = STRIDES[scenario.name] ?? 1;
  for (let at = 1, turn = 0; at <= calls.length; at += stride, turn++) {
    expect(outcome({ at, kind: KINDS[turn % KINDS.length] ?? "kill" })).toBeNull();
  }
});
