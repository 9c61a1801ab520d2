// Which columns tell groups apart, when nobody said. Points of several architectures or sizes under one law are an
// answer to no question: where there is no scheme column but others that look like one, they are named and nothing is
// pooled.
import { InputError } from "../base/errors.js";
import { guessColumn, quoted } from "./columns.js";
import { wordsOf } from "./names.js";
import { type Column, type Table, textAt } from "./table.js";

/** Names of runs, states and notes, which do not say how a run was made. */
const NO_SCHEME = new Set(
  "run seed state status date created updated time timestamp hostname host user notes tags tag id sha commit split phase unit step".split(
    " ",
  ),
);
const RUN_NAMES = new Set(["name", "run_name", "run name"]);
const SIZES = new Set(
  "parameters params n_params num_params parameter_count model_size size width depth layers n_layer n_layers num_layers d_model n_embd hidden_size dim".split(
    " ",
  ),
);

/** The grouping columns; [] for one group. Throws InputError naming the candidates where a guess would pool. */
export function defaultGrouping(table: Table, taken: readonly string[], notes: string[]): readonly string[] {
  const found = guessColumn(table, "scheme");
  if (found !== null && !taken.includes(found)) {
    notes.push(`grouped by column ${found}; --by chooses others`);
    return [found];
  }
  const candidates = [...table.columns].flatMap(([name, column]) =>
    taken.includes(name) || !looksLikeScheme(name, column, table.rows) ? [] : [name],
  );
  const [first] = candidates;
  if (first !== undefined) {
    const names = candidates.slice(0, 8).join(", ").slice(0, 200);
    throw new InputError(
      `${table.source}: a column must tell schemes apart, got no scheme column; candidates: ${names}; give --by ${quoted(first)}, or --by none for one law over all points`,
    );
  }
  const runs = table.columns.get("run");
  const several = runs === undefined ? 0 : distinct(runs, table.rows).size;
  if (several > 1)
    notes.push(`pooled ${several} runs under one law: no column tells schemes apart; --by run fits each`);
  return [];
}

function looksLikeScheme(name: string, column: Column, rows: number): boolean {
  const words = wordsOf(name);
  const plain = name.toLowerCase().replace(/^config[./]/, "");
  if (column.kind === "number" && column.written === undefined && !SIZES.has(plain)) return false;
  if (words.some((word) => NO_SCHEME.has(word)) && !RUN_NAMES.has(plain)) return false;
  const values = distinct(column, rows);
  return values.size > 1 && values.size * 2 <= rows;
}

function distinct(column: Column, rows: number): ReadonlySet<string> {
  const values = new Set<string>();
  for (let row = 0; row < rows; row++) {
    const value = textAt(column, row);
    if (value !== "") values.add(value);
    // More than half of the rows: no grouping, whatever else there is.
    if (values.size * 2 > rows) break;
  }
  return values;
}
