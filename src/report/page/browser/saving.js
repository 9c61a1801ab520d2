// @ts-check
// What a reader takes along: a chart as SVG, PNG, Vega-Lite or its data as CSV; the table in LaTeX; the citation. And the
// data of a chart as a table, for those who read it so.

const { chart, paper, texts } = globalThis.brought;

/** @param {ChartSpec} spec */
function rowsOf(spec) {
  const sets = Object.entries(spec.datasets).filter(([name, rows]) => name !== "labels" && rows.length > 0);
  const columns = [...new Set(sets.flatMap(([, rows]) => Object.keys(rows[0] ?? {})))];
  return {
    columns: ["set", ...columns],
    rows: sets.flatMap(([name, rows]) =>
      rows.map((row) => [name, ...columns.map((column) => ((row[column] ?? "") === "" ? "" : String(row[column])))]),
    ),
  };
}

/** @param {ChartSpec} spec */
function csv(spec) {
  const { columns, rows } = rowsOf(spec);
  const cell = (/** @type {string} */ text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [columns, ...rows].map((row) => row.map(cell).join(",")).join("\n");
}

/**
 * @param {string} name
 * @param {Blob} blob
 */
function download(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/**
 * The chart as it goes to print: white ground, dark ink, its own size.
 * @param {ChartSpec} spec
 * @param {(view: VegaView) => Promise<void>} take
 */
async function onPaper(spec, take) {
  const { view } = await vegaEmbed(
    document.createElement("div"),
    { ...spec, config: paper },
    { mode: "vega-lite", renderer: "svg", actions: false, ast: true, logLevel: 1, config: {} },
  );
  await take(view);
  view.finalize();
}

/**
 * @param {string} name
 * @param {ChartSpec} spec
 * @param {string} kind
 */
async function save(name, spec, kind) {
  if (kind === "csv") download(`${name}.csv`, new Blob([csv(spec)], { type: "text/csv" }));
  if (kind === "vl") download(`${name}.vl.json`, new Blob([JSON.stringify({ ...spec, config: paper }, null, 1)]));
  if (kind === "svg") {
    await onPaper(spec, async (view) =>
      download(`${name}.svg`, new Blob([await view.toSVG()], { type: "image/svg+xml" })),
    );
  }
  if (kind === "png") {
    await onPaper(spec, async (view) => {
      const bytes = atob((await view.toImageURL("png", 3)).split(",")[1] ?? "");
      download(`${name}.png`, new Blob([Uint8Array.from(bytes, (c) => c.charCodeAt(0))], { type: "image/png" }));
    });
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button === null) return;
  const { save: kind, copy } = button.dataset;
  const name = button.closest("figure")?.id ?? "";
  const spec = chart(name);
  if (kind !== undefined && spec !== undefined) await save(name, spec, kind);
  if (copy !== undefined) {
    const said = button.textContent;
    try {
      await navigator.clipboard.writeText(texts[copy] ?? "");
      button.textContent = "copied";
    } catch {
      download(copy, new Blob([texts[copy] ?? ""]));
    }
    setTimeout(() => {
      button.textContent = said;
    }, 1500);
  }
});

// A table behind each chart, built when it is opened.
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (!(target instanceof HTMLDetailsElement) || !target.open || target.dataset.table === undefined) return;
    const spec = chart(target.closest("figure")?.id ?? "");
    const holder = target.querySelector(".scroll");
    if (spec === undefined || holder === null || holder.childElementCount > 0) return;
    const { columns, rows } = rowsOf(spec);
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    for (const column of columns) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = column;
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      for (const cell of row) line.insertCell().textContent = cell;
    }
    holder.append(table);
  },
  true,
);
