// What a flag's text may be, read in one place: numbers with their range, counts with k, M and G, choices and lists.
// `flag` is as people write it, with the command before it where the command is not plain: "train --width".
import { InputError, shown } from "../base/errors.js";

const MULTIPLES: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 };

/** A finite number; k, M, G, T and P may follow it. */
export function number(flag: string, text: string): number {
  const match = /^([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)([kMGTP]?)$/.exec(text.trim());
  const value = Number(match?.[1] ?? Number.NaN) * (MULTIPLES[match?.[2] ?? ""] ?? 1);
  if (!Number.isFinite(value)) {
    throw new InputError(`${flag}: must be a number, got ${shown(text)}; write it like 64, 400k, .5 or 1e-3`);
  }
  return value;
}

/** A number from `least` to `most`. */
export function between(flag: string, text: string, least: number, most: number): number {
  const value = number(flag, text);
  if (value < least || value > most) {
    throw new InputError(`${flag}: must be a number from ${least} to ${most}, got ${shown(text)}; give one`);
  }
  return value;
}

/** A number above 0. */
export function positive(flag: string, text: string): number {
  const value = number(flag, text);
  if (!(value > 0)) throw new InputError(`${flag}: must be above 0, got ${shown(text)}; raise it`);
  return value;
}

/** A number that is not negative. */
export function amount(flag: string, text: string): number {
  const value = number(flag, text);
  if (value < 0) throw new InputError(`${flag}: must be 0 or more, got ${shown(text)}; raise it`);
  return value;
}

/** A number between 0 and 1, both left out: a level, a share. */
export function share(flag: string, text: string): number {
  const value = number(flag, text);
  if (!(value > 0 && value < 1)) {
    throw new InputError(`${flag}: must lie between 0 and 1, got ${shown(text)}; give for example .95`);
  }
  return value;
}

export function whole(flag: string, text: string, least = 0, most: number = Number.MAX_SAFE_INTEGER): number {
  const value = number(flag, text);
  if (!Number.isInteger(value) || value < least || value > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InputError(`${flag}: must be a whole number ${range}, got ${shown(text)}; give one`);
  }
  return value;
}

export function choice<T extends string>(flag: string, text: string, choices: readonly T[]): T {
  const found = choices.find((one) => one === text);
  if (found === undefined) {
    throw new InputError(`${flag}: must be one of ${choices.join(", ")}, got ${shown(text)}; choose one`);
  }
  return found;
}

/** Parts between commas, spaces round them dropped, empty ones left out. */
export const list = (text: string): readonly string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
