// A page that trains a tiny model in the reader's own browser: what it shows, and the modules that it asks for, which
// are those of the toolkit itself as they were built.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../../base/errors.js";
import { markup, trusted } from "./markup.js";

/** dist/, also when the sources run. */
const BUILT = fileURLToPath(new URL("../../../dist/", import.meta.url));
const ENTRY = "train/webgpu/demo.js";

/** Modules by their place under dist/: the training page's own and all that they import, nothing else. */
export function demoModules(): ReadonlyMap<string, string> {
  const modules = new Map<string, string>();
  const add = (name: string): void => {
    if (modules.has(name)) return;
    let text: string;
    try {
      text = readFileSync(path.join(BUILT, name), "utf8");
    } catch {
      throw new InputError(`report --serve: ${path.join(BUILT, name)} must exist, got none; type: npm run build`);
    }
    modules.set(name, text);
    for (const [, to = ""] of text.matchAll(/^(?:import|export) .*from "(\.[^"]+)";$/gm)) {
      add(path.posix.join(path.posix.dirname(name), to));
    }
  };
  add(ENTRY);
  return modules;
}

/** Draws what the page's training says; a module of its own, so that the policy needs no hash. */
export const DEMO_SCRIPT = `import { demonstrate, smoothed } from "/modules/${ENTRY}";
const say = (text) => { document.getElementById("state").textContent = text; };
const colours = ["#0072b2", "#d55e00"];
let over = false;
document.getElementById("stop").addEventListener("click", () => { over = true; });
const draw = (curves) => {
  const lines = curves.map(smoothed);
  const flops = Math.max(...lines.flat().map(([x]) => x), 1);
  const losses = lines.flat().map(([, y]) => y);
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const x = (value) => 50 + (640 * value) / flops;
  const y = (value) => 310 - (290 * (value - low)) / (high - low || 1);
  const svg = document.getElementById("chart");
  const make = (name, attributes, text = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    return element;
  };
  svg.replaceChildren(
    make("path", { d: "M50 10V310H690", fill: "none", stroke: "currentColor" }),
    make("text", { x: 44, y: y(high) + 4, "text-anchor": "end" }, high.toFixed(2)),
    make("text", { x: 44, y: y(low) + 4, "text-anchor": "end" }, low.toFixed(2)),
    make("text", { x: 690, y: 328, "text-anchor": "end" }, "training FLOPs, up to " + flops.toExponential(1)),
    ...lines.map((points, i) => make("polyline", { points: points.map(([a, b]) => x(a) + "," + y(b)).join(" "), fill: "none", stroke: colours[i], "stroke-width": 2 })),
  );
  document.querySelector("tbody").replaceChildren(...curves.map(({ label, losses, stepFlops }, i) => {
    const row = document.createElement("tr");
    row.dataset.losses = losses.slice(0, 16).join(" ");
    const last = smoothed({ losses, stepFlops }).at(-1);
    for (const text of [label, losses.length, (losses.length * stepFlops).toExponential(2), last ? last[1].toFixed(3) : "–"]) row.insertCell().textContent = text;
    row.cells[0].style.color = colours[i];
    return row;
  }));
  say("training on your GPU");
};
say("compiling kernels for your GPU …");
demonstrate(draw, () => over).then(() => say("stopped"), (error) => say(error.message));
`;

export function demoPage(): { readonly html: string; readonly policy: string } {
  const style = readFileSync(new URL("style.css", import.meta.url), "utf8");
  const { html } = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Train in this browser</title>
<style>${trusted(style)}</style>
</head>
<body>
<main class="live">
<h1>The same weights, used more than once</h1>
<p class="verdict" id="state" role="status">looking for a GPU …</p>
<p>Two small transformers train here, in your browser, on your GPU. They have the same number of weights. The baseline
uses each layer once; RINS r=3 uses its first half three times before the second half, so a step costs it more. Whichever has
spent less computes next: at every place along the chart both have spent the same. They read a made-up language that
never repeats a text, so a loss below is that of text never seen.</p>
<figure><svg id="chart" viewBox="0 0 700 335" width="100%" font-size="12" fill="currentColor" role="img" aria-label="Loss of both models against training FLOPs"></svg>
<figcaption>Loss in nats a letter, the mean of the last 32 steps. One seed on a toy language: an explanation, not evidence.</figcaption></figure>
<table><thead><tr><th scope="col">scheme</th><th scope="col">steps</th><th scope="col">FLOPs</th><th scope="col">loss</th></tr></thead><tbody></tbody></table>
<p><button id="stop" type="button">Stop</button></p>
</main>
<script type="module" src="/demo.js"></script>
</body>
</html>
`;
  return {
    html,
    policy:
      "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  };
}
