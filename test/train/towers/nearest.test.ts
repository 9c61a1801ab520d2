// Nearest captions of unseen concepts: against the ranks that are counted another way, and with towers made by hand.
import { beforeAll, expect, test } from "vitest";
import { schemeByName } from "../../../src/scheme/catalogue.js";
import type { Pictures } from "../../../src/train/image/pictures.js";
import { initialStateOf } from "../../../src/train/learner.js";
import { initialWeights } from "../../../src/train/parameters.js";
import { towerSpecs } from "../../../src/train/towers/model.js";
import { nearestCaptions } from "../../../src/train/towers/nearest.js";
import { temporaryFolder } from "../tiny.js";
import { PAIRS, smallPictures, smallRun } from "./small.js";

let pairs: Pictures;
beforeAll(async () => {
  pairs = await smallPictures(PAIRS, temporaryFolder());
}, 240_000);

const nameOf = (picture: number) => pairs.set.entries[picture]?.name ?? "";

test("every concept that is asked for once, in order, by the hands in turn; the place is that in the whole order", async () => {
  const run = smallRun(pairs, PAIRS, schemeByName("rins-2"));
  const state = initialStateOf(towerSpecs(run), 4);
  const few = { ...pairs, heldOut: pairs.heldOut.slice(0, 12) };
  const found = await nearestCaptions(run, few, state, 12);
  expect(found.map(({ name }) => name)).toEqual(few.heldOut.map(([first = -1]) => nameOf(first)));
  const names = new Set(found.map(({ name }) => name));
  expect(new Set(found.map(({ picture }) => pairs.set.entries[picture]?.set)).size).toBeGreaterThan(2);
  for (const { name, nearest, rank, picture } of found) {
    expect(nameOf(picture)).toBe(name);
    expect(nearest.length).toBe(5);
    expect(new Set(nearest).size).toBe(5);
    for (const near of nearest) expect(names.has(near)).toBe(true);
    if (rank < 5) expect(nearest[rank]).toBe(name);
    else expect(nearest).not.toContain(name);
  }
  // Untrained towers are right by chance alone.
  expect(found.filter(({ rank }) => rank === 0).length).toBeLessThan(6);
  expect(await nearestCaptions(run, few, state, 12)).toEqual(found);
  expect((await nearestCaptions(run, pairs, state, 3)).map(({ name }) => name)).toEqual(
    [0, 1, 2].map((i) => nameOf(pairs.heldOut[Math.floor((i * pairs.heldOut.length) / 3)]?.[0] ?? -1)),
  );
});

test("towers that see nothing give every concept the same place, the earliest first", async () => {
  const run = smallRun(pairs, PAIRS);
  const specs = towerSpecs(run);
  const weights = Object.fromEntries(
    Object.entries(initialWeights(specs, 4)).map(([name, values]) => [
      name,
      // No content, no position: what is left is the same vector for all.
      /embedding|positions/.test(name) ? new Float32Array(values.length).fill(1) : values,
    ]),
  );
  const blank = { ...pairs, pixels: () => new Uint8Array(8 * 8 * 3).fill(255) };
  const few = { ...blank, heldOut: pairs.heldOut.slice(0, 8) };
  const found = await nearestCaptions(run, few, { ...initialStateOf(specs, 4), weights }, 8);
  expect(found.map(({ rank }) => rank)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  for (const { nearest } of found) expect(nearest).toEqual(found.slice(0, 5).map(({ name }) => name));
});
