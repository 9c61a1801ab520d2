// A drawing as pixels.
import { Resvg } from "@resvg/resvg-js";

/** The body of an SVG of `width` × `height` on white, fitted into side × side: RGB bytes, row by row. */
export function rasterise(body: string, width: number, height: number, side: number): Uint8Array {
  // A picture is square whatever the drawing: the view box is the square around it.
  const edge = Math.max(width, height);
  const box = `${(width - edge) / 2} ${(height - edge) / 2} ${edge} ${edge}`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${edge}" height="${edge}" viewBox="${box}">${body}</svg>`;
  // Looking for the fonts of the system takes longer than the drawing, and would make it hang on the machine.
  const { pixels } = new Resvg(svg, {
    fitTo: { mode: "width", value: side },
    background: "white",
    font: { loadSystemFonts: false },
  }).render();
  const rgb = new Uint8Array(side * side * 3);
  for (let i = 0, to = 0; to < rgb.length; i += 4) {
    rgb[to++] = pixels[i] ?? 0;
    rgb[to++] = pixels[i + 1] ?? 0;
    rgb[to++] = pixels[i + 2] ?? 0;
  }
  return rgb;
}
