// npm run fuzz [-- RUNS [SEED]]: mutated tables, run files, plans, signatures and formulas, 24,000 in all by default.
// npm run fuzz -- faults [NAME…]: every changing system call of a training, a sweep, a report (its writing alone, and the
// whole command), a bundle, an import, a fit, a forecast with charts and a fractal page, failed in six ways. Takes an hour or so.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { compileShim, disturbable, KINDS, SCENARIOS } from "../test/hostile/faults/faults.js";
import { fuzz, PROPERTIES } from "../test/hostile/fuzz.js";

if (process.argv[2] === "faults") {
  faults(process.argv.slice(3));
} else {
  mutations();
}

function mutations(): void {
  const [runs = 24_000, seed = 1] = process.argv.slice(2).map(Number);
  for (const property of PROPERTIES) {
    const start = performance.now();
    const share = Math.ceil(runs / PROPERTIES.length);
    fuzz(property, share, seed);
    process.stdout.write(
      `${property.name}: ${share} inputs, seed ${seed}, ${((performance.now() - start) / 1000).toFixed(1)} s\n`,
    );
  }
}

function faults(names: readonly string[]): void {
  const home = mkdtempSync(path.join(tmpdir(), "rinsight-faults-"));
  const shim = compileShim(home);
  if (shim === null) throw new Error("fuzz: faults need Linux and cc, got neither or one; install a C compiler");
  let wrong = 0;
  for (const scenario of SCENARIOS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const { calls, outcome } = disturbable(scenario, shim, home);
    for (const kind of KINDS) {
      let survived = 0;
      for (let at = 1; at <= calls.length; at++) {
        const failure = outcome({ at, kind });
        if (failure === null) survived++;
        else process.stdout.write(`${failure}\n`);
      }
      process.stdout.write(`${scenario.name}: ${calls.length} calls, ${kind}: ${survived} survived\n`);
      wrong += calls.length - survived;
    }
  }
  rmSync(home, { recursive: true });
  process.exitCode = wrong === 0 ? 0 : 1;
}
