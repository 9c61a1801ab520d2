// @ts-check
// What the page brings, for the other scripts: texts, themes, and the charts with their rows, which are packed by column
// (packed.ts) and made into rows when a chart is first asked for.

/** @type {{ charts: Record<string, PackedSpec>, theme: ChartTheme, paper: ChartTheme, texts: Record<string, string> }} */
const { charts, ...rest } = JSON.parse(document.getElementById("data")?.textContent ?? "{}");

/** @param {PackedRows} packed */
function rowsOf({ rows, columns }) {
  const names = Object.keys(columns);
  return Array.from({ length: rows }, (_, i) =>
    Object.fromEntries(
      names.map((name) => {
        const { all = null, of, at, each } = columns[name] ?? {};
        return [name, each?.[i] ?? of?.[at?.[i] ?? -1] ?? all];
      }),
    ),
  );
}

/** @type {Map<string, ChartSpec>} */
const unpacked = new Map();

/** @param {string} name */
function chart(name) {
  const known = unpacked.get(name);
  const spec = charts[name];
  if (known !== undefined || spec === undefined) return known;
  const datasets = Object.entries(spec.datasets).map(([set, packed]) => [set, rowsOf(packed)]);
  const made = { ...spec, datasets: Object.fromEntries(datasets) };
  unpacked.set(name, made);
  return made;
}

globalThis.brought = { ...rest, chart };
