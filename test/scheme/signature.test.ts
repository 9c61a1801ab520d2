import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/base/errors.js";
import { nest } from "../../src/scheme/nest.js";
import {
  canonical,
  flatten,
  parseSignature,
  printSignature,
  type SizedSignature,
  type Step,
} from "../../src/scheme/signature.js";

const order = (text: string) => flatten(parseSignature(text).signature.steps);

describe("parseSignature", () => {
  test.each([
    ["A^3 B", [0, 0, 0, 1], [1, 1]],
    ["(A B)^2", [0, 1, 0, 1], [1, 1]],
    ["A B^2 C", [0, 1, 1, 2], [1, 1, 1]],
    ["A B A", [0, 1, 0], [1, 1]],
    ["((a^2 b)^2) B", [0, 0, 1, 0, 0, 1, 2], [1, 1, 2]],
    ["A:3 B:1", [0, 1], [3, 1]],
    ["A:2 B:2", [0, 1], [1, 1]],
    ["((A))^2(B)", [0, 0, 1], [1, 1]],
    ["(A^2)^3 B", [0, 0, 0, 0, 0, 0, 1], [1, 1]],
  ])("%s applies %j with sizes %j", (text, expected, sizes) => {
    expect(order(text)).toEqual(expected);
    expect(parseSignature(text).blockSizes).toEqual(sizes);
  });

  test.each([
    ["A^ B", 4],
    ["A^0 B", 3],
    ["A (B", 5],
    ["A B)", 4],
    ["A C", 3],
    ["A (B Z)^2", 6],
    ["A^2 ()", 6],
    ["A:0 B", 3],
    ["A B ^", 6],
    ["a b A", 5],
    ["A 2", 3],
  ])("%s is refused at column %i", (text, column) => {
    expect(() => parseSignature(text)).toThrow(InputError);
    expect(() => parseSignature(text)).toThrow(`column ${column}`);
  });

  test("what would apply blocks without bound is refused", () => {
    expect(() => parseSignature("(((A^99)^99)^99)^99 B")).toThrow(/at most 1024 block applications/);
    expect(() => parseSignature("(".repeat(150))).toThrow(/nest at most/);
    expect(() => parseSignature("A ".repeat(500))).toThrow(/at most 200 characters/);
  });

  test("any text gives a signature or an InputError", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."AaBbCH^:()2 09x"), maxLength: 24 }), (text) => {
        try {
          parseSignature(text);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});

/** Signatures over 2 to 4 blocks, all of them used, with sizes in smallest terms. */
const signatures: fc.Arbitrary<SizedSignature> = fc
  .record({
    blocks: fc.integer({ min: 2, max: 4 }),
    extra: fc.array(fc.nat(3), { maxLength: 3 }),
    powers: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 8, maxLength: 8 }),
    cut: fc.tuple(fc.nat(6), fc.nat(6)),
    groupPower: fc.integer({ min: 1, max: 3 }),
    sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 3, maxLength: 3 }),
  })
  .map(({ blocks, extra, powers, cut, groupPower, sizes }) => {
    const all = [...Array.from({ length: blocks }, (_, i) => i), ...extra.map((block) => block % blocks)];
    const flat = all.map((block, i): Step => ({ kind: "block", block, rounds: powers[i] ?? 1 }));
    const [from, to] = [Math.min(...cut), Math.max(...cut) + 1];
    const inner = flat.slice(from, to);
    const group: Step[] = inner.length === 0 ? [] : [{ kind: "group", steps: inner, rounds: groupPower }];
    const steps = canonical([...flat.slice(0, from), ...group, ...flat.slice(to)]);
    return { signature: { steps }, blockSizes: [1, ...sizes].slice(0, blocks) };
  });

describe("printSignature", () => {
  test("parse after print is the identity", () => {
    fc.assert(
      fc.property(signatures, (sized) => {
        expect(parseSignature(printSignature(sized))).toEqual(sized);
      }),
      { seed: 2, numRuns: 1000 },
    );
  });
  test("print after parse is canonical", () => {
    expect(printSignature(parseSignature("((a^2  b)^2)B"))).toBe("(A^2 B)^2 C:2");
    expect(printSignature(parseSignature("A:2^3(B C:4)^1"))).toBe("A:2^3 B C:4");
  });
});

describe("nest", () => {
  test("degree 2 of A^2 B is the paper's ((a^2 b)^2) B", () => {
    expect(nest(parseSignature("A^2 B"), 2)).toEqual(parseSignature("((a^2 b)^2) B"));
  });
  test("degree 1 changes nothing, degree 3 opens once more", () => {
    expect(nest(parseSignature("A^3 B"), 1)).toEqual(parseSignature("A^3 B"));
    expect(printSignature(nest(parseSignature("A^2 B"), 3))).toBe("((A^2 B)^2 C:2)^2 D:4");
  });
  test("without a recursed block there is nothing to open", () => {
    expect(() => nest(parseSignature("A B"), 2)).toThrow(InputError);
  });
});
