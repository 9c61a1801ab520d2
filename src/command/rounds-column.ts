// The column of rounds that our own runs do not write: what their signatures say, A^3 B three.
import type { Table } from "../curve/table.js";
import { parseSignature } from "../scheme/signature.js";

/** The table with a column of rounds, where it has none but one of signatures of ours. */
export function withRounds(table: Table): Table {
  const signatures = table.columns.get("signature");
  if (table.columns.has("rounds") || signatures?.kind !== "text") return table;
  const known = new Map<string, number>();
  const values = Float64Array.from(signatures.values, (text) => {
    if (text === null || text === "") return Number.NaN;
    const found = known.get(text) ?? roundsOf(text);
    known.set(text, found);
    return found;
  });
  return { ...table, columns: new Map(table.columns).set("rounds", { kind: "number", values }) };
}

/** The greatest power of the outermost steps. */
const roundsOf = (text: string): number =>
  parseSignature(text).signature.steps.reduce((most, step) => Math.max(most, step.rounds), 1);
