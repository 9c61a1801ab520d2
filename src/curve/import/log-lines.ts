// A plain log as a table: a row for each line that counts steps, epochs or tokens or holds a loss, a column for each
// name that the lines give. Lines are parsed (log-fields.ts), not matched; what was passed over is counted.
import { InputError, shown } from "../../base/errors.js";
import { meaningOf } from "../names.js";
import { recordsTable } from "../read/json-lines.js";
import type { Table } from "../table.js";
import { type Field, fieldsOf, plainLine } from "./log-fields.js";

const LONGEST_LINE = 10_000;
/** Fields that mean nothing to an analysis are kept up to here: a log may print another name on every line. */
const MOST_OTHERS = 200;

/** Name → value; a number that is not finite as the text that a table reads as such. */
type Cells = ReadonlyMap<string, number | string>;
interface Row {
  readonly line: number;
  readonly cells: Cells;
}

const isStep = ({ meaning, value }: Field): boolean => meaning.quantity === "step" && Number.isInteger(value);
const isCounter = (field: Field): boolean => isStep(field) || field.meaning.quantity === "epoch";

/** The lines of a log as a table, with what had to be said. Throws InputError where no line holds a loss and its step. */
export function parseLog(source: string, text: string): Table {
  const rows: Row[] = [];
  const others = new Set<string>();
  let [lines, silent, carried, homeless] = [0, 0, 0, 0];
  let above: readonly Field[] | null = null;
  text.split(/\r\n|\n|\r/).forEach((content, index) => {
    if (content.trim() === "") return;
    lines++;
    const { fields, unclear } = fieldsOf(plainLine(content.slice(0, LONGEST_LINE)));
    const [one] = unclear;
    if (one !== undefined) {
      throw new InputError(
        `${source} line ${index + 1}: ${one.name} must read in one way, got ${shown(one.text)}, which is ${one.decimal} or ${one.grouped}; write the one that is meant`,
      );
    }
    const told = fields.some(({ meaning }) => meaning.quantity === "loss" || meaning.quantity === "tokens");
    let counters: readonly Field[] = fields.filter(isCounter);
    const alone = fields.some(({ meaning }) => meaning.quantity === "tokens") && fields.length > 1;
    if (counters.length > 0) above = counters;
    else if (!told) {
      silent++;
      return;
    } else if (!(alone && above === null)) {
      // Blocks of lines ("[step=100]", then a metric a line) and tokens beside a loss belong to the step above them.
      if (above === null) {
        homeless++;
        return;
      }
      counters = above;
      carried++;
    }
    rows.push({ line: index + 1, cells: cellsOf([...counters, ...fields], others) });
  });
  const told = rows.some(({ cells }) => [...cells.keys()].some((name) => meaningOf(name).quantity === "loss"));
  if (!told) {
    throw new InputError(
      `${source}: some lines must hold a step and a loss, got none of ${lines}; give --pattern with named groups: 'step (?<step>\\d+).*loss (?<loss>[\\d.]+)'`,
    );
  }
  const entries = underOneCounter(rows).map(({ line, cells }) => ({ value: Object.fromEntries(cells), line }));
  const notes = [
    ...(carried === 0 ? [] : [`${plural(carried, "line")} without a step took that of the line above`]),
    ...(homeless === 0 ? [] : [`${plural(homeless, "line")} with a loss above the first step passed over`]),
    ...(silent === 0 ? [] : [`${plural(silent, "line")} without step and loss passed over`]),
  ];
  return { ...recordsTable(source, entries), notes: [`read as a plain log of ${plural(lines, "line")}`, ...notes] };
}

const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;

function cellsOf(fields: readonly Field[], others: Set<string>): Cells {
  const cells = new Map<string, number | string>();
  for (const { name, meaning, value } of fields) {
    if (meaning.quantity === "other") {
      if (!others.has(name) && others.size >= MOST_OTHERS) continue;
      others.add(name);
    }
    // The first of two is what the line is about: "step 100 … (best at step 90)".
    if (!cells.has(name)) cells.set(name, Number.isFinite(value) ? value : String(value));
  }
  return cells;
}

/** "iter 250: loss …" and "step 250: val loss …" count the same where no line holds both: one name for them. */
function underOneCounter(rows: readonly Row[]): readonly Row[] {
  const stepNames = (cells: Cells): readonly string[] =>
    [...cells.keys()].filter((name) => meaningOf(name).quantity === "step");
  const names = new Set<string>();
  for (const { cells } of rows) {
    const own = stepNames(cells);
    if (own.length > 1) return rows;
    for (const name of own) names.add(name);
  }
  if (names.size < 2) return rows;
  return rows.map(({ line, cells }) => ({
    line,
    cells: new Map([...cells].map(([name, value]) => [names.has(name) ? "step" : name, value])),
  }));
}
