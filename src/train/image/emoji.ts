// Emoji drawn by six hands, joined by code point, or by name where a set lists none, with English names and tags; and
// icons of other things, which widen what is trained on.
import { conceptKey } from "./concept-key.js";
import { type IconSet, iconSet, plainCode, readPackage, slug } from "./icon-sets.js";
import { iconConcepts } from "./icons.js";
import type { Concept, PictureEntry, PictureSource } from "./sets.js";

/** Trained on and scored. */
const SCORED_SETS = ["noto", "twemoji", "fluent-emoji-flat", "openmoji"];
/** Trained on alone. */
const MORE_SETS = ["fluent-emoji-high-contrast"];
const UNSEEN_SET = "emojione";
const ICONS = "game-icons";
/** Groups of Unicode left out: skin and hair components, flags. */
const LEFT_OUT = [2, 9];
/** A class has to have this many concepts. */
const LEAST_IN_CLASS = 10;
/** An emoji is taken where so many of the scored sets draw it. */
const LEAST_SETS = 2;

interface Emoji {
  readonly label: string;
  readonly hexcode: string;
  readonly tags?: readonly string[];
  readonly group?: number;
  readonly subgroup?: number;
  readonly skins?: readonly Emoji[];
}
interface Messages {
  readonly subgroups: readonly { readonly message: string; readonly order: number }[];
}

/** Throws InputError where a package is missing. */
export function emojiSource(): PictureSource {
  const sets = new Map([...SCORED_SETS, ...MORE_SETS, UNSEEN_SET, ICONS].map((set) => [set, iconSet(set)]));
  const emoji: readonly Emoji[] = readPackage("emojibase-data", "en/data.json");
  const { subgroups }: Messages = readPackage("emojibase-data", "en/messages.json");
  const taken = emoji.filter(
    (each) =>
      each.group !== undefined &&
      !LEFT_OUT.includes(each.group) &&
      SCORED_SETS.filter((set) => drawingOf(sets.get(set), each) !== undefined).length >= LEAST_SETS,
  );
  const sizes = new Map<number, number>();
  for (const { subgroup = -1 } of taken) sizes.set(subgroup, (sizes.get(subgroup) ?? 0) + 1);
  const classes = subgroups.filter(({ order }) => (sizes.get(order) ?? 0) >= LEAST_IN_CLASS);
  const emojiConcepts = taken.map(({ label, tags = [], subgroup }): Concept => {
    const found = classes.findIndex(({ order }) => order === subgroup);
    return { name: label, keys: [conceptKey(label)], tags: [...tags], class: found < 0 ? null : found };
  });

  const drawings: string[] = [];
  const entries: PictureEntry[] = [];
  const add = (drawing: string, entry: PictureEntry) => {
    drawings.push(drawing);
    entries.push(entry);
  };
  for (const set of [...SCORED_SETS, ...MORE_SETS, UNSEEN_SET]) {
    taken.forEach((each, concept) => {
      for (const drawn of [each, ...(each.skins ?? [])]) {
        const drawing = drawingOf(sets.get(set), drawn);
        if (drawing === undefined) continue;
        add(drawing, { set, concept, name: drawn.label, trainedOnly: drawn !== each || MORE_SETS.includes(set) });
      }
    });
  }
  const { concepts, icons } = iconConcepts(sets.get(ICONS)?.names ?? [], emojiConcepts);
  for (const { drawing, concept, name } of icons) add(drawing, { set: ICONS, concept, name, trainedOnly: true });
  return {
    set: { name: "emoji", classes: classes.map(({ message }) => message), concepts, entries, unseenSet: UNSEEN_SET },
    draw: (entry, side) => {
      const drawn = sets.get(entries[entry]?.set ?? "")?.draw(drawings[entry] ?? "", side);
      if (drawn === undefined) throw new Error(`emoji: no picture ${entry}`);
      return drawn;
    },
  };
}

function drawingOf(set: IconSet | undefined, { label, hexcode }: Emoji): string | undefined {
  const name = set?.byCode.size === 0 ? slug(label) : set?.byCode.get(plainCode(hexcode));
  return name === undefined ? undefined : set?.named(name);
}
