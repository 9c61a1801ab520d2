// Which scheme the others are held against: the one that is named, or the one whose name says that it is the plain one.
import { InputError, nearestName, shown } from "../base/errors.js";

const PLAIN = /^(?:baseline|plain|vanilla)(?![a-z0-9])/i;

/**
 * Position of the baseline among the schemes' names: the name itself, its alias, or a beginning that only one of them
 * has, in any case of letters. Null for a scheme called baseline, plain or vanilla, else one that begins with such a
 * word, else the first. Throws InputError for fewer than two schemes, repeated names and names that are not there.
 *
 * @param aliases other names of the schemes, alias → name
 */
export function baselineIndex(
  names: readonly string[],
  wanted: string | null,
  aliases: ReadonlyMap<string, string> = new Map(),
): number {
  if (names.length < 2) {
    throw new InputError(
      `compare: there must be two schemes at least, got ${names.length}; give --by the scheme's column`,
    );
  }
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new InputError(`compare: schemes must have different names, got ${shown(repeated)} twice; name them apart`);
  }
  if (wanted === null) {
    const alone = names.findIndex((name) => name.replace(PLAIN, "") === "");
    return Math.max(0, alone >= 0 ? alone : names.findIndex((name) => PLAIN.test(name)));
  }
  const text = wanted.toLowerCase();
  const exact = names.indexOf(wanted) >= 0 ? wanted : aliases.get(text);
  if (exact !== undefined) return names.indexOf(exact);
  const begun = names.filter((name) => wanted !== "" && name.toLowerCase().startsWith(text));
  const [only] = begun;
  if (only !== undefined && begun.length === 1) return names.indexOf(only);
  const nearest = nearestName(wanted, [...names, ...aliases.keys()]);
  throw new InputError(
    `compare: baseline must be one of ${names.slice(0, 12).join("; ")}, got ${shown(wanted)}; ${
      nearest === null ? "give --baseline one of these" : `did you mean ${nearest}?`
    }`,
  );
}
