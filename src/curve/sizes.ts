// Runs of several sizes: parameters and tokens, and FLOPs where a column holds them.
import { guessColumn } from "./columns.js";
import { withDerived } from "./derive.js";
import { type Observed, observe, type Selection } from "./observe.js";
import type { Table } from "./table.js";

/**
 * x = [parameters, tokens] or [parameters, tokens, FLOPs]. Sizes are what is compared: without a column of schemes all runs
 * are one family. `flops` names the column of training FLOPs; null for one so named, if there is one.
 */
export function observeSizes(table: Table, chosen: Selection, flops: string | null = null): Observed {
  const selection = { ...(guessColumn(table, "scheme") === null ? { by: [] } : {}), ...chosen };
  const column = flops ?? guessColumn(withDerived(table, selection.derive ?? [], selection.map), "flops");
  return column === null
    ? observe(table, ["parameters", "tokens"], selection)
    : observe(table, ["parameters", "tokens", "flops"], { ...selection, map: { ...selection.map, flops: column } });
}
