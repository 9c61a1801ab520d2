// The doubts of several fits for people to read: each said once, with the fits it is about and the range of its figures.
import type { Fit } from "./record.js";

/** Names spelled out before the others are counted. */
const NAMED = 4;
const NUMBER = /\d+(?:\.\d+)?(?:e[+-]?\d+)?/g;

/**
 * One line a doubt, a status other than converged first: "RINS r=2, RAO r=2: extrapolates-far: the largest point keeps
 * 79–81% of …". Messages that differ in nothing but their numbers are one line. `names` has one entry a fit, "" for none;
 * null fits, of which nothing is known, are passed over.
 */
export function doubtLines(fits: readonly (Fit | null)[], names: readonly string[]): readonly string[] {
  const alike = new Map<string, { readonly about: string[]; readonly said: string[] }>();
  fits.forEach((fit, i) => {
    if (fit === null) return;
    const status = fit.status === "converged" ? [] : [{ code: fit.status, message: fit.statusMessage }];
    for (const { code, message } of [...status, ...fit.warnings]) {
      const said = `${code}: ${message}`;
      const key = said.replace(NUMBER, "#");
      const line = alike.get(key) ?? { about: [], said: [] };
      alike.set(key, line);
      line.about.push(names[i] ?? "");
      line.said.push(said);
    }
  });
  return [...alike.values()].map(({ about, said }) => `${aboutText(about, fits.length)}${ranged(said)}`);
}

function aboutText(about: readonly string[], fits: number): string {
  if (about.length === fits && fits > 1) return `all ${fits}: `;
  const more = about.length - NAMED;
  const named = more > 1 ? [...about.slice(0, NAMED), `${more} more`] : about;
  const text = named.filter((name) => name !== "").join(", ");
  return text === "" ? "" : `${text}: `;
}

/** The first text with each number that is not the same in all of them as the range over them. */
function ranged(texts: readonly string[]): string {
  const numbers = texts.map((text) => text.match(NUMBER) ?? []);
  let position = 0;
  return (texts[0] ?? "").replace(NUMBER, (own) => {
    const column = numbers.map((row) => row[position] ?? own).sort((a, b) => Number(a) - Number(b));
    position++;
    const [least = own, most = own] = [column[0], column.at(-1)];
    return least === most ? own : `${least}–${most}`;
  });
}
