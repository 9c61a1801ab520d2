// A DataFrame in the hand for those who want one, and back: cells are copied, nothing is computed.
// danfojs is the caller's: it is handed in, so that Rinsight never loads it. Its own groupby, merge and sums treat a
// missing number as 0; fits are made on tables, not on frames.
import { type Table, tableOf } from "./table.js";

/** What is needed of danfojs or danfojs-node: `import * as danfo from "danfojs-node"`. */
export interface Danfo<Frame> {
  readonly DataFrame: new (
    rows: (number | string | undefined)[][],
    options: { columns: string[]; dtypes: string[] },
  ) => Frame;
}

/** What is needed of a frame: its column names and its cells, row by row. */
export interface FrameLike {
  readonly columns: readonly string[];
  readonly values: unknown;
}

/**
 * The table as a DataFrame: number columns as float32-typed columns holding the same doubles, missing numbers as NaN,
 * text as it is.
 *
 * @example
 * import * as danfo from "danfojs-node";
 * import { tableOf, toDataFrame } from "rinsight";
 *
 * const frame = toDataFrame(tableOf("mine", [{ tokens: 1e6, loss: 3.2 }]), danfo);
 * console.log(frame.shape); // [1, 2]
 */
export function toDataFrame<Frame>(table: Table, danfo: Danfo<Frame>): Frame {
  const names = [...table.columns.keys()];
  const columns = [...table.columns.values()];
  const rows = Array.from({ length: table.rows }, (_, row) => columns.map((column) => column.values[row]));
  // Stated, not left to danfo: it judges a column by its first row and stores whole numbers in 32 bits.
  const dtypes = columns.map((column) => (column.kind === "number" ? "float32" : "string"));
  return new danfo.DataFrame(rows, { columns: names, dtypes });
}

/**
 * A table of a frame's cells; NaN, null and undefined are missing, true and false are 1 and 0, anything else that is no
 * number is text. `source` names it in messages.
 *
 * @example
 * import { fromDataFrame } from "rinsight";
 *
 * const table = fromDataFrame({ columns: ["tokens", "loss"], values: [[1e6, 3.2]] });
 * console.log(table.rows); // 1
 */
export function fromDataFrame(frame: FrameLike, source = "DataFrame"): Table {
  const rows: readonly unknown[] = Array.isArray(frame.values) ? frame.values : [];
  return tableOf(
    source,
    rows.map((row) => {
      const cells: readonly unknown[] = Array.isArray(row) ? row : [row];
      return Object.fromEntries(frame.columns.map((name, i) => [name, cellOf(cells[i])]));
    }),
  );
}

function cellOf(cell: unknown): number | string | null {
  if (cell === null || cell === undefined || Number.isNaN(cell)) return null;
  if (typeof cell === "boolean") return Number(cell);
  return typeof cell === "number" ? cell : String(cell);
}
