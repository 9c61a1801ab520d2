// Numbers as people and tools print them: 1e6, 1_000_000, 1,000,000, 500M, 4,512 with a decimal comma. One cell may be
// read in two ways (4,512 is 4.512 or 4512); a column usually settles it, and where it does not nothing is read.

/** How a cell is read. `grouped` and `decimal` are the two readings of an ambiguous one. */
export type Written =
  | { readonly kind: "number"; readonly value: number; readonly form: Form }
  | { readonly kind: "ambiguous"; readonly grouped: number; readonly decimal: number }
  | { readonly kind: "missing" }
  /** nan and inf, written as such: a loss that was measured and is no number. */
  | { readonly kind: "not-finite"; readonly value: number }
  | { readonly kind: "text" };

/** The mark that parts the fraction off; the other one of the two then groups thousands. */
export type DecimalMark = "." | ",";
type Form = "plain" | "grouped" | "scaled" | "comma";

const MISSING = new Set(["", "NA", "N/A", "na", "n/a", "null", "NULL", "None", "none", "–", "-", "."]);
/** How nothing above or below begins: most cells that are names are told by it. */
const NAME = /^[^\d+\-.nNiI–]/;
const NOT_FINITE = /^([+-]?)(nan|inf|infinity)$/i;
const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const COMMA = /^([+-]?)(\d+),(\d+)((?:[eE][+-]?\d+)?)$/;
/** Thousands by underscore, apostrophe or a space (plain, no-break, thin); these marks are nothing else in a number. */
const MARKED =
  /^[+-]?\d{1,3}(?:_\d{3})+(?:\.\d+)?$|^[+-]?\d{1,3}(?:['’]\d{3})+(?:\.\d+)?$|^[+-]?\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?:\.\d+)?$/;
const SCALED = /^([+-]?(?:\d+\.?\d*|\.\d+)) ?([kKMBGT])$/;
const EXPONENT: Readonly<Record<string, number>> = { k: 3, K: 3, M: 6, B: 9, G: 9, T: 12 };

/** One cell or field of a log, trimmed, under a decimal mark. */
export function writtenNumber(text: string, mark: DecimalMark = "."): Written {
  if (NAME.test(text)) return { kind: "text" };
  if (MISSING.has(text)) return { kind: "missing" };
  const endless = NOT_FINITE.exec(text);
  if (endless !== null) {
    const sign = endless[1] === "-" ? -1 : 1;
    return { kind: "not-finite", value: /nan/i.test(text) ? Number.NaN : sign * Number.POSITIVE_INFINITY };
  }
  return mark === "." ? withPoint(text) : withComma(text);
}

function number(digits: string, form: Form): Written {
  const value = Number(digits);
  return Number.isFinite(value) ? { kind: "number", value, form } : { kind: "not-finite", value };
}

function withPoint(text: string): Written {
  if (PLAIN.test(text)) return number(text, "plain");
  if (MARKED.test(text)) return number(text.replace(/[^\d.+-]/g, ""), "grouped");
  const scaled = SCALED.exec(text);
  // By its digits: 1.05 × 1e9 in doubles is not always the double nearest to 1.05e9.
  if (scaled !== null) return number(`${scaled[1]}e${EXPONENT[scaled[2] ?? ""]}`, "scaled");
  const grouped = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text);
  const comma = COMMA.exec(text);
  if (grouped && comma === null) return number(text.replaceAll(",", ""), "grouped");
  if (comma === null) return { kind: "text" };
  const [, sign = "", whole = "", fraction = "", exponent = ""] = comma;
  const decimal = Number(`${sign}${whole}.${fraction}${exponent}`);
  if (!grouped || whole.startsWith("0")) return number(String(decimal), "comma");
  return { kind: "ambiguous", grouped: Number(`${sign}${whole}${fraction}`), decimal };
}

/** In a table with decimal commas a point groups thousands, unless what follows it cannot be a group. */
function withComma(text: string): Written {
  const comma = COMMA.exec(text);
  if (comma !== null) return number(`${comma[1]}${comma[2]}.${comma[3]}${comma[4]}`, "comma");
  if (/^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?$/.test(text)) {
    const [whole = "", fraction] = text.split(",");
    const groups = whole.replaceAll(".", "");
    if (fraction !== undefined) return number(`${groups}.${fraction}`, "grouped");
    if (whole.split(".").length > 2) return number(groups, "grouped");
    if (!/^[+-]?0/.test(whole)) return { kind: "ambiguous", grouped: Number(groups), decimal: Number(whole) };
  }
  return withPoint(text);
}

/** The numbers of a column of cells, NaN where one is missing; null where the cells are no numbers under one reading. */
export interface WrittenColumn {
  readonly values: Float64Array;
  /** Rows that say nan or inf. */
  readonly notFinite: readonly number[];
  /** What was not plain, for people: "500M is 500000000"; null where all cells are plain. */
  readonly note: string | null;
}

/** `counts`: the column holds whole numbers by its name (steps, tokens), so that a mark before three digits groups. */
export function writtenColumn(cells: readonly string[], mark: DecimalMark, counts: boolean): WrittenColumn | null {
  const read: Written[] = [];
  let [example, commas, groups, unclear] = ["", 0, 0, 0];
  for (const cell of cells) {
    const one = writtenNumber(cell, mark);
    if (one.kind === "text") return null;
    if (one.kind === "ambiguous") unclear++;
    else if (one.kind === "number" && one.form === "comma") commas++;
    else if (one.kind === "number" && one.form === "grouped" && cell.includes(",")) groups++;
    // Decimal commas are said once for the table that has them.
    const plain = one.kind === "number" && (one.form === "plain" || (one.form === "comma" && mark === ","));
    if (example === "" && (one.kind === "number" || one.kind === "ambiguous") && !plain) example = cell;
    read.push(one);
  }
  if (mark === "." && commas > 0 && groups > 0) return null;
  const asGroups = groups > 0 || (counts && commas === 0);
  if (unclear > 0 && !asGroups && commas === 0) return null;
  if (unclear > 0 && mark === "," && !counts) return null;
  const values = new Float64Array(cells.length).fill(Number.NaN);
  const notFinite: number[] = [];
  read.forEach((one, row) => {
    if (one.kind === "number") values[row] = one.value;
    else if (one.kind === "ambiguous") values[row] = asGroups || mark === "," ? one.grouped : one.decimal;
    else if (one.kind === "not-finite") {
      values[row] = one.value;
      notFinite.push(row);
    }
  });
  const at = cells.indexOf(example);
  return { values, notFinite, note: example === "" ? null : `${example} is ${values[at]}` };
}
