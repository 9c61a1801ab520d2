// A long table, a row a measurement: the name of a metric in one column, its value in another, as Comet, Aim, Neptune,
// MLflow and readers of TensorBoard export them. Each metric becomes a column of its own; records of one step meet later.
import { meaningOf } from "../names.js";
import { type Table, tableOf, textAt } from "../table.js";

const NAMES = ["metricName", "metric.name", "metric_name", "attribute_path", "metric", "tag", "key"];
const VALUES = ["metricValue", "float_value", "value"];
const CONTEXTS = ["metric.context", "context", "runContext"];
const RUNS = ["run", "run.hash", "run_id", "run_uuid", "experimentKey", "run.name"];
/** What tells when and where a measurement was made, not what. */
const DROPPED = new Set(["timestamp", "wall_time", "is_nan", "epoch.timestamp", "attribute_type", "project_id"]);

interface Parts {
  readonly name: string;
  readonly value: string;
  readonly context: string | null;
  /** The column that tells runs apart; null for one run. */
  readonly run: string | null;
}

/** The columns of a long table; null for any other, of one metric alone, and where a column is a loss by its own name. */
export function longParts({ columns }: Table): Parts | null {
  if ([...columns.keys()].some((key) => meaningOf(key).quantity === "loss")) return null;
  const first = (names: readonly string[]) => names.find((name) => columns.has(name)) ?? null;
  const [name, value, context, run] = [first(NAMES), first(VALUES), first(CONTEXTS), first(RUNS)];
  const texts = name === null ? undefined : columns.get(name);
  if (name === null || value === null || texts?.kind !== "text" || columns.get(value)?.kind !== "number") return null;
  const [one] = texts.values;
  const alone = context === null && texts.values.every((text) => text === one);
  return alone ? null : { name, value, context, run };
}

/** "{'subset': 'val'}" is val: what a context says of where a metric was measured. */
const contextWords = (text: string): readonly string[] =>
  [...text.matchAll(/:\s*['"]([^'"]+)['"]/g)].map(([, word = ""]) => word);

/** A column a metric. */
export function widened(table: Table, { name, value, context }: Parts): Table {
  const column = (key: string | null) => (key === null ? undefined : table.columns.get(key));
  const [names, values, contexts] = [column(name), column(value), column(context)];
  const others = [...table.columns].filter(
    ([key]) => ![name, value, context].includes(key) && !DROPPED.has(key.toLowerCase()),
  );
  const records = Array.from({ length: table.rows }, (_, row) => {
    const own = Object.fromEntries(
      others.map(([key, cells]) => [key, cells.kind === "number" ? (cells.values[row] ?? null) : textAt(cells, row)]),
    );
    const words = contexts === undefined ? [] : contextWords(textAt(contexts, row));
    const metric = [...words, names === undefined ? "" : textAt(names, row)].join("/");
    return { ...own, [metric]: values?.kind === "number" ? (values.values[row] ?? null) : null };
  });
  const found = new Set(names?.kind === "text" ? names.values : []);
  return {
    ...tableOf(table.source, records),
    notes: [
      ...(table.notes ?? []),
      `read as a long table: ${found.size} metrics by name in ${name}, their values in ${value}`,
    ],
    ...(table.place === undefined ? {} : { place: table.place }),
  };
}
