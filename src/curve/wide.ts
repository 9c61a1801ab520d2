// A wide table, a column a curve, as the long one that analyses read: scheme, counter, loss.
import { InputError } from "../base/errors.js";
import { chosenColumn } from "./columns.js";
import { meaningOf } from "./names.js";
import { placeOf, type Table, tableOf, textAt } from "./table.js";

/** Each column of numbers that is no counter becomes the curve of a scheme of its name. */
export function melted(table: Table): Table {
  const counter = chosenColumn(table, "tokens", "--x") ?? chosenColumn(table, "step", "--x");
  if (counter === null) {
    throw new InputError(
      `${table.source}: a wide table must have a column of tokens or steps, got ${[...table.columns.keys()].slice(0, 20).join(", ").slice(0, 300)}; name it tokens`,
    );
  }
  const axis = table.columns.get(counter.name);
  const numeric = [...table.columns].flatMap(([name, column]) => (column.kind === "number" ? [{ name, column }] : []));
  const losses = numeric.filter(({ name }) => meaningOf(name).quantity === "loss");
  // Where some columns say that they are losses, they are the curves, and the others are not.
  const curves = losses.length > 1 ? losses : numeric.filter(({ name }) => meaningOf(name).quantity === "other");
  if (axis?.kind !== "number" || curves.length === 0) {
    throw new InputError(
      `${table.source}: a wide table must have a column a curve, got none beside ${counter.name}; leave --wide out`,
    );
  }
  const rows: { record: Record<string, number | string | null>; at: number }[] = [];
  for (const { name, column } of curves) {
    column.values.forEach((loss, row) => {
      if (Number.isNaN(loss) && column.notFinite?.has(row) !== true) return;
      const texts = [...table.columns].flatMap(([other, cells]) =>
        cells.kind === "text" && other !== "run" ? [[other, textAt(cells, row)]] : [],
      );
      rows.push({
        record: {
          ...Object.fromEntries(texts),
          run: name,
          scheme: name,
          [counter.name]: axis.values[row] ?? null,
          loss,
        },
        at: row,
      });
    });
  }
  return {
    ...tableOf(
      table.source,
      rows.map(({ record }) => record),
    ),
    notes: [
      ...(table.notes ?? []),
      `read as a wide table of ${curves.length} curves over ${counter.name}: ${curves.map(({ name }) => name).join(", ")}`,
    ],
    place: (row) => placeOf(table, rows[row]?.at ?? row),
  };
}
