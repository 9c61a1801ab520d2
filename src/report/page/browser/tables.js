// @ts-check
// Tables with the attribute data-sorts: a click on a heading sorts by that column, numbers as numbers and names in their
// natural order; a field filters the rows.

const natural = new Intl.Collator("en", { numeric: true });

/**
 * The number that a cell begins with, units counted: "1.69M" → 1690000.
 * @param {string} text
 */
function numberOf(text) {
  const match = /^[[+]?([−-]?[\d.]+)(?:e(-?\d+))?\s*([kMGTPE]?)/.exec(text);
  if (match === null) return null;
  const unit = ["", "k", "M", "G", "T", "P", "E"].indexOf(match[3] ?? "");
  return Number((match[1] ?? "").replace("−", "-")) * 10 ** (Number(match[2] ?? 0) + 3 * unit);
}

/**
 * @param {string} one
 * @param {string} other
 */
function compare(one, other) {
  const [a, b] = [numberOf(one), numberOf(other)];
  if (a !== null && b !== null) return a - b;
  // What is missing comes last.
  return a === null && b === null ? natural.compare(one, other) : a === null ? 1 : -1;
}

/**
 * @param {HTMLTableElement} table
 * @param {number} column
 * @param {boolean} descending
 */
function sort(table, column, descending) {
  const body = table.tBodies[0];
  if (body === undefined) return;
  const text = (/** @type {HTMLTableRowElement} */ row) => row.cells[column]?.textContent ?? "";
  const numeric = [...body.rows].filter((row) => numberOf(text(row)) !== null).length * 2 > body.rows.length;
  const order = numeric ? compare : natural.compare;
  const rows = [...body.rows].sort((one, other) => order(text(one), text(other)) * (descending ? -1 : 1));
  body.append(...rows);
}

for (const table of document.querySelectorAll("table[data-sorts], [data-sorts] table")) {
  if (!(table instanceof HTMLTableElement)) continue;
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sort(table, column, descending);
    });
    head.replaceChildren(button);
  });
}

const filter = document.querySelector("#filter");
if (filter instanceof HTMLInputElement) {
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const row of document.querySelectorAll("[data-sorts] tbody tr")) {
      const cells = [...row.children].map((cell) => (cell.textContent ?? "").toLowerCase());
      row.toggleAttribute("hidden", !cells.some((text) => text.includes(wanted)));
    }
  });
}
