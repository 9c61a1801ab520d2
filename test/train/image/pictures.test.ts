// The prepared pictures: what is held out and from what, captions, the cache, and the pixels.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { schemeByName } from "../../../src/scheme/catalogue.js";
import { readPlan } from "../../../src/sweep/plan.js";
import { conceptKey } from "../../../src/train/image/concept-key.js";
import { iconConcepts } from "../../../src/train/image/icons.js";
import { captionTexts, isHeldOut, openPictures, type Pictures } from "../../../src/train/image/pictures.js";
import { rasterise } from "../../../src/train/image/rasterise.js";
import { pairBatch, toPatches, trainingExamples, validationGroups } from "../../../src/train/towers/batches.js";
import { temporaryFolder } from "../tiny.js";
import { DIGITS, EMOJI, PAIRS, smallPictures } from "../towers/small.js";

const folder = temporaryFolder();
let pairs: Pictures;
beforeAll(async () => {
  pairs = await smallPictures(PAIRS, folder);
}, 240_000);

const conceptOf = (picture: number) => pairs.set.concepts[pairs.set.entries[picture]?.concept ?? -1];
const handOf = (picture: number) => pairs.set.entries[picture]?.set;

test("no key is on both sides, whichever hand, tone or gender a picture has", () => {
  const keysOf = (pictures: readonly number[]) => new Set(pictures.flatMap((one) => conceptOf(one)?.keys ?? []));
  const trained = keysOf(pairs.training.flat());
  const held = keysOf(pairs.heldOut.flat());
  expect(held.size).toBeGreaterThan(150);
  expect([...held].filter((key) => trained.has(key))).toEqual([]);
  // About a sixth, and never the hand that is left out.
  expect(held.size / (held.size + trained.size)).toBeGreaterThan(0.13);
  expect(held.size / (held.size + trained.size)).toBeLessThan(0.2);
  expect(new Set(pairs.training.flat().map(handOf))).toEqual(
    new Set(["noto", "twemoji", "fluent-emoji-flat", "openmoji", "fluent-emoji-high-contrast", "game-icons"]),
  );
  expect(new Set(pairs.heldOut.flat().map(handOf))).toEqual(
    new Set(["noto", "twemoji", "fluent-emoji-flat", "openmoji"]),
  );
  expect(new Set(pairs.unseenHand.map(handOf))).toEqual(new Set(["emojione"]));
  for (const picture of pairs.unseenHand) expect(conceptOf(picture)?.keys.some(isHeldOut)).toBe(false);
});

test("an animal and its face, a sport and who does it, are one key", () => {
  for (const [a, b] of [
    ["cat", "cat face"],
    ["man running", "person running"],
    ["person: blond hair", "woman: blond hair"],
  ] as const) {
    expect(conceptKey(a)).toBe(conceptKey(b));
  }
  expect(conceptKey("cat")).not.toBe(conceptKey("dog"));
  expect(conceptKey("man")).toBe("man"); // nothing else is left
});

test("an icon is held out with every emoji whose words or whole name it has", () => {
  const emoji = ["wolf", "key", "automobile", "fox"].map((name) => ({
    name,
    keys: [conceptKey(name)],
    tags: name === "automobile" ? ["car", "vehicle"] : [],
    class: 3,
  }));
  const { concepts, icons } = iconConcepts(["wolf-head", "fox", "key-wolf", "car", "car-door", "wolf-head"], emoji);
  expect(icons.map(({ name, concept }) => [name, concept])).toEqual([
    ["wolf head", 4],
    ["fox", 3], // one more drawing of the emoji
    ["key wolf", 5],
    ["car", 6],
    ["car door", 7],
    ["wolf head", 4],
  ]);
  expect(concepts.slice(4).map(({ keys }) => keys)).toEqual([["wolf"], ["key", "wolf"], ["automobile"], []]);
  expect(concepts.slice(4).every(({ class: one }) => one === null)).toBe(true);
});

test("no icon that is trained on has all the words of a concept held out", () => {
  const held = new Set(pairs.heldOut.flat().map((picture) => conceptKey(conceptOf(picture)?.name ?? "")));
  expect(new Set(pairs.more.flat().map(handOf))).toEqual(new Set(["game-icons"]));
  expect(pairs.more.length).toBeGreaterThan(3500);
  for (const [icon = -1] of pairs.more) {
    const words = new Set(conceptKey(pairs.set.entries[icon]?.name ?? "").split(" "));
    expect([...held].filter((key) => key.split(" ").every((word) => words.has(word)))).toEqual([]);
  }
});

test("tones are trained on with their concept and never scored", () => {
  const variants = pairs.set.entries.flatMap(({ trainedOnly }, picture) => (trainedOnly ? [picture] : []));
  expect(variants.length).toBeGreaterThan(3000);
  const scored = new Set([...pairs.heldOut.flat(), ...pairs.unseenHand]);
  expect(variants.filter((picture) => scored.has(picture))).toEqual([]);
  const trained = new Set(pairs.training.flat());
  expect(variants.filter((picture) => trained.has(picture)).length).toBeGreaterThan(3000);
});

test("a caption is the name, alone or with four tags, cut or filled up to the context", () => {
  expect(captionTexts("cat face", ["animal", "cat", "face", "kitten", "kitty"])).toEqual([
    "cat face",
    "cat face: animal cat face kitten",
    "cat face: kitty",
  ]);
  const [picture = -1] = pairs.training.flat();
  const captions = pairs.captionsOf(picture);
  for (const caption of captions) expect(caption.length).toBe(8);
  const name = pairs.set.entries[picture]?.name ?? "";
  const decoded = pairs.tokenizer.decode([...(captions[0] ?? [])].filter((id) => id > 0));
  expect(name.startsWith(decoded)).toBe(true);
  expect(decoded.length).toBeGreaterThan(0);
});

test("a step takes each concept once at most, a pass each once, icons every other step, a seed always the same", () => {
  const batch = 64;
  const chosen = trainingExamples(pairs, batch, 3);
  for (const [family, concepts] of [pairs.training, pairs.more].entries()) {
    const perPass = Math.floor(concepts.length / batch);
    const seen = Array.from({ length: perPass }, (_, turn) => chosen(2 * turn + family).map(({ picture }) => picture));
    expect(new Set(seen.flat().map((picture) => pairs.set.entries[picture]?.concept)).size).toBe(perPass * batch);
    const own = new Set(concepts.flat());
    expect(seen.flat().filter((picture) => !own.has(picture))).toEqual([]);
  }
  expect(trainingExamples(pairs, batch, 3)(50)).toEqual(chosen(50));
  expect(trainingExamples(pairs, batch, 4)(0)).not.toEqual(chosen(0));
  expect(() => trainingExamples(pairs, 5000, 3)).toThrow(/at most \d+ pictures/);
});

test("changed anew at every step, the same pictures: drawn from the seed alone", () => {
  const augment = { shift: 0.1, zoom: 0.2, turn: 0.1, colour: 0.3 };
  const [plain, changed] = [trainingExamples(pairs, 64, 3)(0), trainingExamples(pairs, 64, 3, augment)(0)];
  const conceptsOf = (chosen: typeof plain) => chosen.map(({ picture }) => pairs.set.entries[picture]?.concept);
  expect(conceptsOf(changed)).toEqual(conceptsOf(plain));
  expect(plain.every(({ view }) => view === null)).toBe(true);
  expect(new Set(changed.map(({ view }) => JSON.stringify(view))).size).toBe(64);
  expect(new Set(changed.map(({ caption }) => caption)).size).toBe(64);
  expect(trainingExamples(pairs, 64, 3, augment)(0)).toEqual(changed);
  const run = {
    task: { ...PAIRS, augment },
    scheme: schemeByName("baseline"),
    shape: { width: 8, layers: 2, heads: 2, context: 8, vocabulary: 300 },
    batch: 64,
  };
  expect(pairBatch(pairs, run, changed).patches).not.toEqual(
    pairBatch(
      pairs,
      run,
      changed.map((one) => ({ ...one, view: null })),
    ).patches,
  );
});

test("pixels become patches row by row: worked by hand", () => {
  const pixels = Uint8Array.from({ length: 16 }, (_, i) => i); // one grey picture of 4 × 4
  const patches = toPatches(pixels, { side: 4, patch: 2, channels: 1 });
  const order = [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15];
  expect([...patches]).toEqual(order.map((value) => Math.fround((value / 255 - 0.5) * 4)));
});

test("a drawing is fitted into the square on white", () => {
  const half = rasterise('<rect width="2" height="4" fill="#f00"/>', 4, 4, 2);
  expect([...half]).toEqual([255, 0, 0, 255, 255, 255, 255, 0, 0, 255, 255, 255]);
});

test("the cache gives the same, and what is damaged in it is drawn again", async () => {
  const again = await smallPictures(PAIRS, folder);
  expect(again.hash).toBe(pairs.hash);
  expect(again.pixels(77)).toEqual(pairs.pixels(77));
  const cache = path.join(folder, "cache", "pictures");
  const file = readdirSync(cache).find((name) => name.endsWith(".bin")) ?? "";
  const bytes = readFileSync(path.join(cache, file));
  bytes[100] = 255 - (bytes[100] ?? 0);
  writeFileSync(path.join(cache, file), bytes);
  const messages: string[] = [];
  const { context, vocabulary } = { context: 8, vocabulary: 300 };
  const request = { task: PAIRS, context, vocabulary, cacheFolder: path.join(folder, "cache") };
  const mended = await openPictures({ ...request, onMessage: (message) => messages.push(message) });
  expect(messages).toEqual(["preparing pictures emoji, 8 pixels wide"]);
  expect(mended.hash).toBe(pairs.hash);
});

test("the shipped plans ask for no more held-out pictures than there are", async () => {
  const folderOfPlans = path.resolve(import.meta.dirname, "../../../data/sweeps");
  const plans = readdirSync(folderOfPlans)
    .filter((name) => name.startsWith("image-text"))
    .map((name) => readPlan(path.join(folderOfPlans, name)));
  expect(plans.length).toBeGreaterThan(3);
  for (const { batch, validation } of plans) {
    expect(validationGroups(pairs, batch, validation.windows).flat().length).toBe(validation.windows);
  }
});

test("classes: the same concepts are held out, those without a class left out; ten digits", async () => {
  const emoji = await smallPictures(EMOJI, folder);
  expect(emoji.set.classes.length).toBeGreaterThan(40);
  for (const picture of emoji.heldOut.flat()) expect(conceptOf(picture)?.keys.some(isHeldOut)).toBe(true);
  const digits = await smallPictures(DIGITS, folder);
  expect(digits.set.entries.length).toBe(10_000);
  expect(digits.heldOut.length + digits.training.length).toBe(10_000);
  const counts = digits.set.classes.map(
    (_, digit) => digits.training.flat().filter((picture) => digits.classOf(picture) === digit).length,
  );
  expect(Math.min(...counts)).toBeGreaterThan(600);
  await expect(
    openPictures({ task: { ...DIGITS, picture: { side: 28, patch: 7, channels: 3 } }, context: 16, vocabulary: 10 }),
  ).rejects.toThrow(/mnist must have 1 channels, got 3/);
});
