// Icons of one colour beside the emoji: thousands of other names. They are trained on and never scored.
import { conceptKey } from "./concept-key.js";
import { slug } from "./icon-sets.js";
import type { Concept } from "./sets.js";

export interface Icon {
  readonly drawing: string;
  readonly concept: number;
  readonly name: string;
}

/**
 * The concepts of emoji followed by those of icons: "wolf-head" is called "wolf head". An icon of an emoji's own name is one
 * more drawing of it. Any other has the keys of all emoji whose words it has ("car key" those of car and of key), or that are
 * tagged with its whole name ("car" that of automobile): held out with any of them, so that no held-out concept is shown
 * under a compound or another name.
 */
export function iconConcepts(
  drawings: readonly string[],
  emoji: readonly Concept[],
): { readonly concepts: readonly Concept[]; readonly icons: readonly Icon[] } {
  const concepts = [...emoji];
  const places = new Map(emoji.map(({ name }, concept) => [slug(name), concept]));
  const keyWords = emoji.flatMap(({ keys }) => keys.map((key) => ({ key, words: key.split(" ") })));
  const tagged = new Map<string, string[]>();
  for (const { keys, tags } of emoji) {
    for (const tag of tags) tagged.set(conceptKey(tag), [...(tagged.get(conceptKey(tag)) ?? []), ...keys]);
  }
  const icons = drawings.map((drawing): Icon => {
    const name = drawing.replaceAll("-", " ");
    const concept = places.get(drawing) ?? concepts.length;
    if (concept === concepts.length) {
      const key = conceptKey(name);
      const own = new Set(key.split(" "));
      const parts = keyWords.filter(({ words }) => words.every((word) => own.has(word))).map((part) => part.key);
      concepts.push({ name, keys: [...new Set([...parts, ...(tagged.get(key) ?? [])])].sort(), tags: [], class: null });
      places.set(drawing, concept);
    }
    return { drawing, concept, name };
  });
  return { concepts, icons };
}
