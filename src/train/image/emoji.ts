// Emoji drawn by five hands, joined by code point (by name for the fifth, which lists none), with English names and tags.
import { readFileSync } from "node:fs";
import { EMOJI_PACKAGES, fileOf } from "./packages.js";
import { rasterise } from "./rasterise.js";
import type { Concept, PictureEntry, PictureSource } from "./sets.js";

/** Sets with a table of code points: the ones trained on. */
const SETS = ["noto", "twemoji", "fluent-emoji-flat", "openmoji"] as const;
const UNSEEN_SET = "emojione";
/** resvg 2.6.2 ends the process over this one: a filter on an empty shape. */
const NOT_DRAWN = new Set(["noto package"]);
/** Groups of Unicode left out: skin and hair components, flags. */
const LEFT_OUT = [2, 9];
/** A class has to have this many concepts. */
const LEAST_IN_CLASS = 10;
/** An emoji is taken where so many of the sets trained on draw it. */
const LEAST_SETS = 2;

interface Emoji {
  readonly label: string;
  readonly hexcode: string;
  readonly tags?: readonly string[];
  readonly group?: number;
  readonly subgroup?: number;
  readonly skins?: readonly Emoji[];
}
interface IconSet {
  readonly width?: number;
  readonly height?: number;
  readonly icons: Readonly<
    Record<string, { readonly body: string; readonly width?: number; readonly height?: number }>
  >;
  readonly aliases?: Readonly<Record<string, { readonly parent: string }>>;
}
interface Messages {
  readonly subgroups: readonly { readonly message: string; readonly order: number }[];
}

/** Words that tell apart what is one picture idea: who does it, which part of the animal is drawn, and small words. */
const EMPTY_WORDS = new Set(
  "face man woman person men women people boy girl older old a an the of and in on with for to at its".split(" "),
);

/** "cat face" and "cat", "man running" and "person running" have one key: their other words, sorted. */
export function conceptKey(label: string): string {
  const words = label.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const telling = words.filter((word) => !EMPTY_WORDS.has(word));
  return [...new Set(telling.length > 0 ? telling : words)].sort().join(" ");
}

const slug = (label: string): string => (label.toLowerCase().match(/[a-z0-9]+/g) ?? []).join("-");
/** Code points without the selectors of presentation, in which the sets differ. */
const plainCode = (code: string): string => code.toLowerCase().replace(/-fe0f/g, "");

/** Throws InputError where a package is missing. */
export function emojiSource(): PictureSource {
  const read = <T>(name: string, file: string): T =>
    JSON.parse(readFileSync(fileOf(EMOJI_PACKAGES, name, file), "utf8"));
  const icons = new Map<string, IconSet>();
  const drawings = new Map<string, ReadonlyMap<string, string>>();
  for (const set of [...SETS, UNSEEN_SET]) {
    const data: IconSet = read(`@iconify-json/${set}`, "icons.json");
    icons.set(set, data);
    const names: Readonly<Record<string, string>> =
      set === UNSEEN_SET
        ? Object.fromEntries(Object.keys(data.icons).map((name) => [name, name]))
        : read(`@iconify-json/${set}`, "chars.json");
    drawings.set(set, new Map(Object.entries(names).map(([code, name]) => [plainCode(code), name])));
  }
  const emoji: readonly Emoji[] = read("emojibase-data", "en/data.json");
  const { subgroups }: Messages = read("emojibase-data", "en/messages.json");
  const nameIn = (set: string, { label, hexcode }: Emoji): string | undefined => {
    const name = drawings.get(set)?.get(set === UNSEEN_SET ? slug(label) : plainCode(hexcode));
    const data = icons.get(set);
    const icon = name === undefined || data?.icons[name] ? name : data?.aliases?.[name]?.parent;
    return NOT_DRAWN.has(`${set} ${icon}`) ? undefined : icon;
  };

  const taken = emoji.filter(
    (each) =>
      each.group !== undefined &&
      !LEFT_OUT.includes(each.group) &&
      SETS.filter((set) => nameIn(set, each) !== undefined).length >= LEAST_SETS,
  );
  const sizes = new Map<number, number>();
  for (const { subgroup = -1 } of taken) sizes.set(subgroup, (sizes.get(subgroup) ?? 0) + 1);
  const classes = subgroups.filter(({ order }) => (sizes.get(order) ?? 0) >= LEAST_IN_CLASS);
  const concepts = taken.map(({ label, tags = [], subgroup }): Concept => {
    const found = classes.findIndex(({ order }) => order === subgroup);
    return { name: label, key: conceptKey(label), tags: [...tags], class: found < 0 ? null : found };
  });

  const bodies: { readonly set: string; readonly icon: string }[] = [];
  const entries: PictureEntry[] = [];
  for (const set of [...SETS, UNSEEN_SET]) {
    taken.forEach((each, concept) => {
      for (const drawn of [each, ...(each.skins ?? [])]) {
        const icon = nameIn(set, drawn);
        if (icon === undefined) continue;
        bodies.push({ set, icon });
        entries.push({ set, concept, name: drawn.label, variant: drawn !== each });
      }
    });
  }
  return {
    set: { name: "emoji", classes: classes.map(({ message }) => message), concepts, entries, unseenSet: UNSEEN_SET },
    draw: (entry, side) => {
      const { set = "", icon = "" } = bodies[entry] ?? {};
      const data = icons.get(set);
      const { body = "", width = data?.width ?? 16, height = data?.height ?? 16 } = data?.icons[icon] ?? {};
      return rasterise(body, width, height, side);
    },
  };
}
