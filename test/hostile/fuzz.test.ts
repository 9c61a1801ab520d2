// The small form of the fuzzing; `npm run fuzz` is the long one.
import { test } from "vitest";
import { fuzz, PROPERTIES } from "./fuzz.js";

test.each(PROPERTIES)("mutated $name end in a result or in an error of ours", (property) => {
  fuzz(property, 60, 20260101);
});
