// Sets of drawings in the format of Iconify: names, code points where a set lists them, and each drawing as pixels.
import { readFileSync } from "node:fs";
import { EMOJI_PACKAGES, fileOf } from "./packages.js";
import { rasterise } from "./rasterise.js";

/** resvg 2.6.2 ends the process over this one: a filter on an empty shape. */
const NOT_DRAWN = new Set(["noto package"]);

export interface IconSet {
  /** Of all its drawings, aliases left out. */
  readonly names: readonly string[];
  /** Code points, in lower case and without selectors of presentation, to names; empty where the set lists none. */
  readonly byCode: ReadonlyMap<string, string>;
  /** The drawing of a name or of an alias; undefined for what is not there or cannot be drawn. */
  named(name: string): string | undefined;
  draw(name: string, side: number): Uint8Array;
}

interface IconFile {
  readonly width?: number;
  readonly height?: number;
  readonly icons: Readonly<
    Record<string, { readonly body: string; readonly width?: number; readonly height?: number }>
  >;
  readonly aliases?: Readonly<Record<string, { readonly parent: string }>>;
}

/** A file of an emoji package as JSON. Throws InputError where the package is missing. */
export const readPackage = <T>(name: string, file: string): T =>
  JSON.parse(readFileSync(fileOf(EMOJI_PACKAGES, name, file), "utf8"));

/** Code points without the selectors of presentation, in which the sets differ. */
export const plainCode = (code: string): string => code.toLowerCase().replace(/-fe0f/g, "");

/** "woman’s hat" and "woman-s-hat" are one. */
export const slug = (label: string): string => (label.toLowerCase().match(/[a-z0-9]+/g) ?? []).join("-");

export function iconSet(set: string): IconSet {
  const data: IconFile = readPackage(`@iconify-json/${set}`, "icons.json");
  const codes: Readonly<Record<string, string>> = readPackage(`@iconify-json/${set}`, "chars.json");
  return {
    names: Object.keys(data.icons).filter((name) => !NOT_DRAWN.has(`${set} ${name}`)),
    byCode: new Map(Object.entries(codes).map(([code, name]) => [plainCode(code), name])),
    named: (name) => {
      const found = data.icons[name] ? name : data.aliases?.[name]?.parent;
      return NOT_DRAWN.has(`${set} ${found}`) ? undefined : found;
    },
    draw: (name, side) => {
      const { body = "", width = data.width ?? 16, height = data.height ?? 16 } = data.icons[name] ?? {};
      return rasterise(body, width, height, side);
    },
  };
}
