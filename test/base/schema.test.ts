// Messages about data from outside name the field, the rule, the value and the remedy.
import { expect, test } from "vitest";
import { z } from "zod";
import { InputError } from "../../src/base/errors.js";
import { validated } from "../../src/base/schema.js";

const schema = z.strictObject({
  width: z.number().int().positive(),
  name: z.string().min(1).max(5),
  kind: z.enum(["a", "b"]),
  list: z.array(z.strictObject({ tokens: z.number() })).default([]),
  either: z.union([z.string(), z.strictObject({ scheme: z.string() })]).optional(),
});
const good = { width: 1, name: "x", kind: "a" };

test.each<[string, unknown, string]>([
  ["no object", 3, "p: must be of type object, got 3; see x"],
  ["missing", { ...good, width: undefined }, "p width: must be of type number, got nothing; see x"],
  ["type", { ...good, width: "9" }, 'p width: must be of type number, got "9"; see x'],
  ["whole", { ...good, width: 1.5 }, "p width: must be a whole number, got 1.5; see x"],
  ["small", { ...good, width: 0 }, "p width: must be more than 0, got 0; see x"],
  ["long", { ...good, name: "abcdefg" }, 'p name: must be at most 5 characters long, got "abcdefg"; see x'],
  ["choice", { ...good, kind: "c" }, 'p kind: must be one of a, b, got "c"; see x'],
  ["unknown key", { ...good, widht: 1 }, 'p: must have no unknown key, got "widht"; did you mean width?'],
  [
    "inner key",
    { ...good, list: [{ tokens: 1, zzz: 2 }] },
    'p list.0: must have no unknown key, got "zzz"; known are tokens',
  ],
  ["union", { ...good, either: { scheme: 3 } }, "p either.scheme: must be of type string, got 3; see x"],
])("%s", (_name, value, message) => {
  expect(() => validated(schema, value, "p", "see x")).toThrow(new InputError(message));
});

test("defaults are filled in", () => {
  expect(validated(schema, good, "p", "").list).toEqual([]);
});
