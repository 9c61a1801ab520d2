// Which names are of one picture idea, and so held out together.

/** Words that tell apart what is one idea: who does it, which part of the animal is drawn, and small words. */
const EMPTY_WORDS = new Set(
  "face man woman person men women people boy girl older old a an the of and in on with for to at its".split(" "),
);

/** "cat face" and "cat", "man running" and "person running" have one key: their other words, sorted. */
export function conceptKey(label: string): string {
  const words = label.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const telling = words.filter((word) => !EMPTY_WORDS.has(word));
  return [...new Set(telling.length > 0 ? telling : words)].sort().join(" ");
}
