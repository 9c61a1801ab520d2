// A page to look at: a sheet of the pictures that a model was trained on, with captions, and what it says of others.
import { html } from "../report/escape.js";
import type { PictureShape } from "../scheme/task.js";
import { captionTexts, type Pictures } from "../train/image/pictures.js";
import type { NearestCaptions } from "../train/towers/nearest.js";

const CONCEPTS = 24;

/** Self-contained: pictures lie in it as the model sees them. */
export function picturePage(
  pictures: Pictures,
  shape: PictureShape,
  examples: readonly NearestCaptions[],
  model: string,
): string {
  const image = (picture: number) => {
    const alt = pictures.set.entries[picture]?.name ?? "";
    return `<img src="data:image/bmp;base64,${bitmap(pictures.pixels(picture), shape).toString("base64")}" alt="${html(alt)}" width="64" height="64">`;
  };
  const drawn = pictures.training
    .map((group) => group.filter((picture) => pictures.set.entries[picture]?.trainedOnly === false))
    .filter((group) => group.length > 0);
  const count = Math.min(CONCEPTS, drawn.length);
  const sheet = Array.from({ length: count }, (_, i) => {
    const shown = drawn[Math.floor((i * drawn.length) / count)] ?? [];
    const { concept = 0, name = "" } = pictures.set.entries[shown[0] ?? 0] ?? {};
    const caption = captionTexts(name, pictures.set.concepts[concept]?.tags ?? [])[1] ?? name;
    return `<figure>${shown.map(image).join("")}<figcaption>${html(caption)}</figcaption></figure>`;
  });
  const rows = examples.map(({ picture, name, nearest, rank }) => {
    const names = nearest.map((near) => (near === name ? `<strong>${html(near)}</strong>` : html(near)));
    return `<tr><td>${image(picture)}</td><td>${html(name)}</td><td>${names.join("<br>")}</td><td>${rank + 1}</td></tr>`;
  });
  const right = examples.filter(({ rank }) => rank === 0).length;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>What the towers see</title>
<style>
body { font: 16px/1.4 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
img { image-rendering: pixelated; border: 1px solid #ddd; margin: 1px }
main > div { display: grid; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); gap: 1rem }
figure { margin: 0 } figcaption { font-size: .85rem } td, th { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0 }
</style></head><body><main>
<h1>What the towers see</h1>
<p><a href="index.html">The report of these runs</a></p>
<p>${count} of the ${pictures.training.length} concepts of emoji that are trained on, beside ${pictures.more.length} of icons, as each hand draws them, ${shape.side} × ${shape.side} pixels, with one of their captions.</p>
<div>${sheet.join("\n")}</div>
<h2>Nearest captions of concepts never seen</h2>
<p>${html(model)}. Each picture is held against the captions of all ${pictures.heldOut.length} held-out concepts; guessing is right once in ${pictures.heldOut.length}. Of these ${examples.length}, spread evenly and not chosen, ${right} are right. The last column is the place of the right one.</p>
<table><thead><tr><th>picture</th><th>shows</th><th>nearest five</th><th>place</th></tr></thead><tbody>
${rows.join("\n")}
</tbody></table>
<p>Drawings: Noto Emoji (Google, Apache-2.0), Twemoji (Twitter, CC BY 4.0), Fluent Emoji (Microsoft, MIT), OpenMoji (CC BY-SA 4.0).</p>
</main></body></html>
`;
}

/** Rows of RGB or grey bytes as a BMP of 24 bits: bottom row first, blue before red, rows filled up to four bytes. */
export function bitmap(pixels: Uint8Array, { side, channels }: PictureShape): Buffer {
  const header = 54;
  const stride = 4 * Math.ceil((3 * side) / 4);
  const file = Buffer.alloc(header + stride * side);
  file.write("BM");
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(header, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(side, 18);
  file.writeInt32LE(side, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      for (let c = 0; c < 3; c++) {
        const from = (y * side + x) * channels + Math.min(channels - 1, 2 - c);
        file[header + (side - 1 - y) * stride + 3 * x + c] = pixels[from] ?? 0;
      }
    }
  }
  return file;
}
