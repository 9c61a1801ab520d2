// npm run fuzz [-- RUNS [SEED]]: mutated tables, run files, plans, signatures and formulas, 24,000 in all by default.
import { fuzz, PROPERTIES } from "../test/hostile/fuzz.js";

const [runs = 24_000, seed = 1] = process.argv.slice(2).map(Number);
for (const property of PROPERTIES) {
  const start = performance.now();
  const share = Math.ceil(runs / PROPERTIES.length);
  fuzz(property, share, seed);
  process.stdout.write(
    `${property.name}: ${share} inputs, seed ${seed}, ${((performance.now() - start) / 1000).toFixed(1)} s\n`,
  );
}
