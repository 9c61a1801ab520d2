// Ten thousand handwritten digits of MNIST, 28 × 28, grey.
import { readFileSync } from "node:fs";
import { InputError } from "../../base/errors.js";
import { DIGIT_PACKAGES, fileOf } from "./packages.js";
import type { Concept, PictureEntry, PictureSource } from "./sets.js";

const SIDE = 28;

/** Each digit is a concept of its own: held out one by one. */
export function digitSource(): PictureSource {
  const classes = Array.from({ length: 10 }, (_, digit) => String(digit));
  const numbers: (readonly number[])[] = [];
  const concepts: Concept[] = [];
  for (const digit of classes) {
    const { data }: { data: readonly number[] } = JSON.parse(
      readFileSync(fileOf(DIGIT_PACKAGES, "mnist", `src/digits/${digit}.json`), "utf8"),
    );
    for (let from = 0; from + SIDE * SIDE <= data.length; from += SIDE * SIDE) {
      const name = `${digit} number ${from / (SIDE * SIDE)}`;
      concepts.push({ name, keys: [name], tags: [], class: Number(digit) });
      numbers.push(data.slice(from, from + SIDE * SIDE));
    }
  }
  const entries = concepts.map(
    ({ name }, concept): PictureEntry => ({ set: "mnist", concept, name, trainedOnly: false }),
  );
  return {
    set: { name: "mnist", classes, concepts, entries, unseenSet: null },
    draw: (entry, side) => {
      if (side !== SIDE)
        throw new InputError(`pictures: the digits are ${SIDE} pixels wide, got ${side}; take ${SIDE}`);
      return Uint8Array.from(numbers[entry] ?? [], (value) => Math.round(255 * value));
    },
  };
}
