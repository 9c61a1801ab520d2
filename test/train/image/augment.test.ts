// Changed pictures and captions: worked by hand, within their bounds, and the same from the same seed.
import { expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { drawCaption, drawView, isMirrorable, type View, viewed } from "../../../src/train/image/augment.js";

const AS_IT_IS: View = { mirrored: false, turn: [1, 0, 0, 1], shift: [0, 0], colour: [1, 1, 1] };
const GREY = { side: 3, patch: 1, channels: 1 } as const;
const grey = Uint8Array.from([10, 20, 30, 40, 50, 60, 70, 80, 90]);
const seen = (change: Partial<View>) => [...viewed(grey, GREY, { ...AS_IT_IS, ...change })];

test("nothing changed is the picture; mirrored, its columns the other way round", () => {
  expect(seen({})).toEqual([...grey]);
  expect(seen({ mirrored: true })).toEqual([30, 20, 10, 60, 50, 40, 90, 80, 70]);
});

test("a shift takes from beside, the border going on outside; half a pixel is the mean of two", () => {
  expect(seen({ shift: [1 / 3, 0] })).toEqual([20, 30, 30, 50, 60, 60, 80, 90, 90]);
  expect(seen({ shift: [0, -1 / 3] })).toEqual([10, 20, 30, 10, 20, 30, 40, 50, 60]);
  expect(seen({ shift: [1 / 6, 0] })).toEqual([15, 25, 30, 45, 55, 60, 75, 85, 90]);
});

test("a quarter turn, and twice the scale", () => {
  // (x, y) from the middle is taken from (−y, x).
  expect(seen({ turn: [0, -1, 1, 0] })).toEqual([30, 60, 90, 20, 50, 80, 10, 40, 70]);
  expect(seen({ turn: [0.5, 0, 0, 0.5] })).toEqual([30, 35, 40, 45, 50, 55, 60, 65, 70]);
});

test("colour changes what lacks to white, which stays white; grey pictures keep theirs", () => {
  const pixels = Uint8Array.from([255, 255, 255, 155, 55, 0]);
  const shape = { side: 1, patch: 1, channels: 3 } as const;
  const change = (from: number) => [
    ...viewed(pixels.slice(from, from + 3), shape, { ...AS_IT_IS, colour: [0.5, 1, 1.5] }),
  ];
  expect(change(0)).toEqual([255, 255, 255]);
  expect(change(3)).toEqual([205, 55, 0]);
  expect(seen({ colour: [0.5, 0.5, 0.5] })).toEqual([...grey]);
});

test("names of sides, letters and numbers are not mirrored", () => {
  for (const name of ["left arrow", "person running facing right", "keycap: 3", "P button", "8 number 12"])
    expect(isMirrorable(name), name).toBe(false);
  for (const name of ["cat face", "leftover", "wolf head"]) expect(isMirrorable(name), name).toBe(true);
});

test("views fill their bounds and nothing beyond; a seed always draws the same", () => {
  const bounds = { shift: 0.1, zoom: 0.2, turn: 0.1, colour: 0.3 };
  const views = Array.from({ length: 2000 }, (_, i) => drawView(random(i), "cat", bounds));
  const extremes = (values: readonly number[]) => [Math.min(...values), Math.max(...values)];
  const near = ([low = 0, high = 0]: readonly number[], below: number, above: number) => {
    expect(low).toBeGreaterThanOrEqual(below);
    expect(low).toBeLessThan(below + 0.05 * (above - below));
    expect(high).toBeLessThanOrEqual(above);
    expect(high).toBeGreaterThan(above - 0.05 * (above - below));
  };
  near(extremes(views.flatMap(({ shift }) => [...shift])), -0.1, 0.1);
  near(extremes(views.flatMap(({ colour }) => [...colour])), 0.7, 1.3);
  near(extremes(views.map(({ turn: [a, b, c, d] }) => Math.sqrt(a * d - b * c))), 0.8, 1.2);
  // The angle, two arc tangents of .1.
  near(extremes(views.map(({ turn: [a, , c] }) => Math.atan2(c, a))), -2 * Math.atan(0.1), 2 * Math.atan(0.1));
  const mirrored = views.filter((view) => view.mirrored).length;
  expect(Math.abs(mirrored - 1000)).toBeLessThan(4 * Math.sqrt(500));
  expect(drawView(random(7), "cat", bounds)).toEqual(views[7]);
  expect(views.every((_, i) => !drawView(random(i), "left arrow", bounds).mirrored)).toBe(true);
});

test("a caption is the name alone a third of the time, or beside one to four of its own tags, none twice", () => {
  const tags = ["animal", "pet", "kitten", "tom", "puss"];
  const captions = Array.from({ length: 3000 }, (_, i) => drawCaption(random(i), "cat face", tags));
  const alone = captions.filter((caption) => caption === "cat face").length;
  expect(Math.abs(alone - 1000)).toBeLessThan(4 * Math.sqrt(3000 * (1 / 3) * (2 / 3)));
  const counts = new Set<number>();
  for (const caption of captions) {
    expect(caption).toContain("cat face");
    const others = caption
      .replace(/cat face: |: cat face|cat face/, "")
      .split(" ")
      .filter((word) => word !== "");
    expect(new Set(others).size).toBe(others.length);
    for (const word of others) expect(tags).toContain(word);
    counts.add(others.length);
  }
  expect([...counts].sort()).toEqual([0, 1, 2, 3, 4]);
  expect(captions.some((caption) => caption.endsWith(": cat face"))).toBe(true);
  expect(drawCaption(random(1), "wolf head", [])).toBe("wolf head");
});
