// Pictures from specs: the one file that loads vega and resvg, inside functions, so that a report is the only thing
// that pays for them. The same spec gives the same bytes: text is measured with vega's own estimate, no system font.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { TopLevelSpec } from "vega-lite";
import type { Spec } from "./charts/chart.js";

/** SVG of a Vega-Lite spec, expressions interpreted and never evaluated as code. Throws what vega-lite throws on a spec that does not compile. */
export async function renderSvg(spec: Spec): Promise<string> {
  const [vega, { compile }, { expressionInterpreter }] = await Promise.all([
    import("vega"),
    import("vega-lite"),
    import("vega-interpreter"),
  ]);
  const compiled = compile(spec as unknown as TopLevelSpec);
  const runtime = vega.parse(compiled.spec, undefined, { ast: true });
  const view = new vega.View(runtime, { renderer: "none", expr: expressionInterpreter, logLevel: vega.Error });
  try {
    await view.runAsync();
    // Clip paths are numbered over the life of the process; each picture is to start at 0.
    vega.resetSVGDefIds();
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/**
 * PNG of an SVG at one and a half times its size (twice takes three times as long, and print takes the SVG), with the
 * bundled DejaVu Sans alone.
 */
export async function renderPng(svg: string): Promise<Uint8Array> {
  const { renderAsync } = await import("@resvg/resvg-js");
  const require = createRequire(import.meta.url);
  const fontFiles = [require.resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf")];
  // On a thread of its own, while vega draws the next one here.
  const picture = await renderAsync(svg, {
    fitTo: { mode: "zoom", value: 1.5 },
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: "DejaVu Sans" },
  });
  return picture.asPng();
}

/** The browser builds of vega, vega-lite and vega-embed, as they go into the page. */
export function browserLibraries(): readonly string[] {
  const require = createRequire(import.meta.url);
  return ["vega", "vega-lite", "vega-embed"].map((name) => {
    const entry = require.resolve(name === "vega" ? "vega/vega-schema.json" : name);
    const folder = entry.slice(0, entry.lastIndexOf("build") + "build".length);
    return readFileSync(`${folder}/${name}.min.js`, "utf8");
  });
}
