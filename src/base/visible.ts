// Text from outside as people may see it: what could move a cursor, hide or turn text around is written out, \u001b.
// In JSON that is the very same text; elsewhere it can be read.

/** Control, format (direction marks, joiners, tags), line and paragraph separators, and halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
  ).join("");

/** `text` of any number of lines: line ends and tabs stay. */
export const visible = (text: string): string =>
  text.replace(UNSEEN, (character) => (character === "\n" || character === "\t" ? character : escaped(character)));

/** `text` on one line. */
export const oneLine = (text: string): string => text.replace(UNSEEN, escaped);

/** A name from data: one line, at most `longest` characters. */
export function shortName(name: string, longest = 40): string {
  const characters = [...oneLine(name.slice(0, 4 * longest))];
  return characters.length > longest ? `${characters.slice(0, longest - 1).join("")}…` : characters.join("");
}
