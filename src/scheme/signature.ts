// The grammar of signatures: letters, exponents, parentheses, sizes: `A^3 B`, `(A B)^2`, `A B:2^2 C`, `((a^2 b)^2) B`.
// Text -> Signature (canonical) -> text, and the order in which its blocks apply.
//
//   sequence = step { step }        step = ( letter [":" size] | "(" sequence ")" ) ["^" rounds]
//
// Upper-case letters are blocks in stack order. Lower-case letters are equal parts of block A, opened (degree 2).
import { InputError, shown } from "../base/errors.js";

export type Step =
  | { readonly kind: "block"; readonly block: number; readonly rounds: number }
  | { readonly kind: "group"; readonly steps: readonly Step[]; readonly rounds: number };

export interface Signature {
  readonly steps: readonly Step[];
}

/** A signature and the relative sizes of its blocks, in smallest terms: [1, 1] when they are equal. */
export interface SizedSignature {
  readonly signature: Signature;
  readonly blockSizes: readonly number[];
}

const MAXIMUM_BLOCKS = 8;
/** Bounds rounds, sizes and the number of block applications alike. */
const MAXIMUM_USES = 1024;
const MAXIMUM_LENGTH = 200;
const MAXIMUM_DEPTH = 8;
const LETTERS = "ABCDEFGH";

/** True when a text has only characters of the grammar: it is meant as a signature, not as a name. */
export function looksLikeSignature(text: string): boolean {
  return /^[A-Ha-h0-9^:()\s]+$/.test(text) && /[A-Ha-h]/.test(text);
}

/**
 * Reads a signature. Groups of one round are opened and powers of powers multiplied, so that equal texts up to
 * redundant parentheses give equal records. Block sizes stand behind a letter, once: `A:3 B:1`.
 *
 * Throws InputError with the column (from 1) of what is wrong.
 */
export function parseSignature(text: string): SizedSignature {
  if (text.length > MAXIMUM_LENGTH) {
    throw new InputError(
      `signature: at most ${MAXIMUM_LENGTH} characters, got ${text.length}; write repeats as powers: A^3 B`,
    );
  }
  const reader = new Reader(text);
  const steps = reader.sequence(0);
  reader.end();
  return numbered(text, steps, reader.sizes);
}

type Lettered =
  | { readonly kind: "letter"; readonly letter: string; readonly column: number; readonly rounds: number }
  | { readonly kind: "group"; readonly steps: readonly Lettered[]; readonly rounds: number };

/** Recursive descent over one line; the position is its only state besides the sizes met on the way. */
class Reader {
  readonly sizes = new Map<string, number>();
  private position = 0;

  constructor(private readonly text: string) {}

  sequence(depth: number): Lettered[] {
    if (depth > MAXIMUM_DEPTH) this.fail(`parentheses nest at most ${MAXIMUM_DEPTH} deep`, "open some of them");
    const steps: Lettered[] = [];
    for (let next = this.peek(); /[A-Za-z(]/.test(next); next = this.peek()) {
      if (next === "(") {
        this.position++;
        const inner = this.sequence(depth + 1);
        if (this.peek() !== ")") this.fail("a parenthesis that opens must close", "add )");
        this.position++;
        steps.push({ kind: "group", steps: inner, rounds: this.rounds() });
      } else {
        const column = this.position + 1;
        if (!LETTERS.includes(next.toUpperCase())) {
          this.fail(`blocks are the letters A to ${LETTERS.at(-1)}`, "see rinsight schemes for names");
        }
        this.position++;
        this.size(next);
        steps.push({ kind: "letter", letter: next, column, rounds: this.rounds() });
      }
    }
    if (steps.length === 0) this.fail("a block letter or ( must stand here", "write for example A^3 B");
    return steps;
  }

  end(): void {
    if (this.peek() !== "") this.fail("a signature has letters, ^rounds, :sizes and parentheses", "take this out");
  }

  private rounds(): number {
    if (this.peek() !== "^") return 1;
    this.position++;
    return this.integer("rounds", MAXIMUM_USES);
  }

  private size(letter: string): void {
    if (this.peek() !== ":") return;
    this.position++;
    const size = this.integer("a block size", MAXIMUM_USES);
    if ((this.sizes.get(letter) ?? size) !== size) this.fail(`block ${letter} has one size`, "give it once");
    this.sizes.set(letter, size);
  }

  private integer(what: string, maximum: number): number {
    this.peek();
    const digits = /^\d+/.exec(this.text.slice(this.position))?.[0] ?? "";
    const value = Number(digits);
    if (digits === "" || value < 1 || value > maximum) {
      this.fail(`${what} must be an integer from 1 to ${maximum}`, "write for example A^3 B", digits);
    }
    this.position += digits.length;
    return value;
  }

  /** The next character that is not a space, "" at the end. */
  private peek(): string {
    while (/\s/.test(this.text.charAt(this.position))) this.position++;
    return this.text.charAt(this.position);
  }

  private fail(rule: string, remedy: string, got?: string): never {
    const found = got ?? this.text.charAt(this.position);
    throw new InputError(
      `signature ${shown(this.text)} column ${this.position + 1}: ${rule}, got ${found === "" ? "the end" : shown(found)}; ${remedy}`,
    );
  }
}

/** Letters to block numbers in stack order, sizes to smallest terms. */
function numbered(text: string, steps: readonly Lettered[], sizes: ReadonlyMap<string, number>): SizedSignature {
  const columns = new Map<string, number>();
  const collect = (list: readonly Lettered[]): void => {
    for (const step of list) {
      if (step.kind === "group") collect(step.steps);
      else if (!columns.has(step.letter)) columns.set(step.letter, step.column);
    }
  };
  collect(steps);
  const parts = [...columns.keys()].filter((letter) => letter !== letter.toUpperCase()).sort();
  const whole = [...columns.keys()].filter((letter) => letter === letter.toUpperCase()).sort();
  const refuse = (letter: string, rule: string, remedy: string): never => {
    throw new InputError(
      `signature ${shown(text)} column ${columns.get(letter) ?? 1}: ${rule}, got ${shown(letter)}; ${remedy}`,
    );
  };
  const first = parts.length > 0 ? 1 : 0;
  if (parts.length > 0 && whole.includes("A")) {
    refuse("A", "lower-case letters are parts of A, so A itself cannot stand beside them", "write either");
  }
  parts.forEach((letter, i) => {
    const expected = LETTERS.charAt(i).toLowerCase();
    if (letter !== expected)
      refuse(letter, `letters follow each other without a gap, ${expected} comes first`, "rename");
  });
  whole.forEach((letter, i) => {
    const expected = LETTERS.charAt(i + first);
    if (letter !== expected)
      refuse(letter, `letters follow each other without a gap, ${expected} comes first`, "rename");
  });
  const letters = [...parts, ...whole];
  if (letters.length > MAXIMUM_BLOCKS) refuse(letters.at(-1) ?? "", `at most ${MAXIMUM_BLOCKS} blocks`, "merge some");

  // Parts share the size of the block A that they open: scale so that everything stays an integer.
  const partTotal = parts.reduce((sum, letter) => sum + (sizes.get(letter) ?? 1), 0);
  const raw = letters.map((letter) => {
    const size = sizes.get(letter) ?? 1;
    return parts.includes(letter) ? size : size * Math.max(1, partTotal);
  });
  const blockSizes = smallestTerms(raw);
  blockSizes.forEach((size, block) => {
    const letter = letters[block] ?? "";
    if (size > MAXIMUM_USES) refuse(letter, `relative sizes go up to ${MAXIMUM_USES}`, "use smaller ones");
  });
  const signature = { steps: canonical(steps.map((step) => numberedStep(step, letters))) };
  const uses = usesOf(signature.steps);
  if (uses > MAXIMUM_USES) {
    throw new InputError(
      `signature ${shown(text)}: at most ${MAXIMUM_USES} block applications, got ${uses}; lower the rounds`,
    );
  }
  return { signature, blockSizes };
}

function numberedStep(step: Lettered, letters: readonly string[]): Step {
  return step.kind === "letter"
    ? { kind: "block", block: letters.indexOf(step.letter), rounds: step.rounds }
    : { kind: "group", steps: step.steps.map((inner) => numberedStep(inner, letters)), rounds: step.rounds };
}

/** Opens groups of one round and multiplies powers of powers: (A^2)^3 is A^6, (A) B is A B. */
export function canonical(steps: readonly Step[]): readonly Step[] {
  return steps.flatMap((step): readonly Step[] => {
    if (step.kind === "block") return [step];
    const inner = canonical(step.steps);
    const only = inner.length === 1 ? inner[0] : undefined;
    if (only !== undefined) return [{ ...only, rounds: only.rounds * step.rounds }];
    return step.rounds === 1 ? inner : [{ ...step, steps: inner }];
  });
}

/** The canonical text: `A^3 B`, `(A^2 B)^2 C:2`; sizes only where they are not 1, at a block's first place. */
export function printSignature({ signature, blockSizes }: SizedSignature): string {
  const printed = new Set<number>();
  const print = (steps: readonly Step[]): string =>
    steps
      .map((step) => {
        const power = step.rounds === 1 ? "" : `^${step.rounds}`;
        if (step.kind === "group") return `(${print(step.steps)})${power}`;
        const size = printed.has(step.block) ? 1 : (blockSizes[step.block] ?? 1);
        printed.add(step.block);
        return `${LETTERS.charAt(step.block)}${size === 1 ? "" : `:${size}`}${power}`;
      })
      .join(" ");
  return print(signature.steps);
}

/** Block numbers in the order in which they apply: A^2 B → [0, 0, 1]. */
export function flatten(steps: readonly Step[]): readonly number[] {
  return steps.flatMap((step) => {
    const once = step.kind === "block" ? [step.block] : flatten(step.steps);
    return Array.from({ length: step.rounds }, () => once).flat();
  });
}

/** How many block applications flatten() would list, without listing them. */
function usesOf(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + step.rounds * (step.kind === "block" ? 1 : usesOf(step.steps)), 0);
}

/** Sizes divided by their greatest common divisor: [2, 4] → [1, 2]. */
export function smallestTerms(sizes: readonly number[]): readonly number[] {
  const divisor = sizes.reduce(greatestCommonDivisor, 0);
  return sizes.map((size) => size / divisor);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
