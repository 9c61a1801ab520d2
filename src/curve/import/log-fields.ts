// One line of a plain log as fields: "step 2000/5000 | tokens 1.05B | val loss 3.71" is step 2000, tokens 1.05e9, val
// loss 3.71. The key of a number is the text between the number before it and itself; a loss that names no data takes
// those of the words before it on the line ("valid | epoch 3 | loss 2.9").
import { stripVTControlCharacters } from "node:util";
import { type Meaning, meaningOf, wordsOf } from "../names.js";
import { writtenNumber } from "../written-number.js";

export interface Field {
  /** As printed, the words that say which data a loss is of put in front. */
  readonly name: string;
  readonly meaning: Meaning;
  /** NaN or infinite where the line says so. */
  readonly value: number;
}

/** A loss that reads in two ways: "4,512". */
export interface Unclear {
  readonly name: string;
  readonly text: string;
  readonly decimal: number;
  readonly grouped: number;
}

const TIMES =
  /\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?(?:Z|[+-]\d{2}:?\d{2})?\b|\b\d{1,3}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\b/g;
const NUMBERS =
  /(?<![\w.]|[\w)]-)[-+]?(?:\d+(?:[,_]\d+)+(?:\.\d+)?(?:[eE][-+]?\d+)?|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|(?:nan|inf|infinity)\b)/gi;
/** Behind a number: a scale that is its own, or letters and signs that make it something else than a plain number. */
const BEHIND = /^(?:([kKMBGT])(?![\w%])|[a-zA-Zµ%°][\w%/]*|:\d|-\d|\.\d)/;
const TOTAL = /^\s*(?:\/|of\b)\s*\d[\d,_]*/;
const CUTS = /[|,;:{}[\]()<>\t]|\s[-–—•]\s|\s{2,}/g;
const LEVELS = /^(?:trace|debug|info|notice|warning|warn|error|critical)\b[\s:]*/i;
const VALIDATION = new Set("val valid validate validation eval evaluation dev heldout holdout test testing".split(" "));
const TRAIN = new Set("train training".split(" "));

/** The line without what terminals take for colours, and without its dates and times. */
export function plainLine(line: string): string {
  return stripVTControlCharacters(line)
    .replace(/(?!\t)\p{Cc}/gu, "")
    .replace(TIMES, " | ");
}

/** The fields of a plain line whose key says something, in order. */
export function fieldsOf(line: string): { readonly fields: readonly Field[]; readonly unclear: readonly Unclear[] } {
  const fields: Field[] = [];
  const unclear: Unclear[] = [];
  let [from, scope, loss] = [0, "", false];
  for (const match of line.matchAll(NUMBERS)) {
    const between = line.slice(from, match.index);
    const { key, before } = keyOf(between);
    // "number of nan iterations: 0" holds one number.
    if (!/\d/.test(match[0]) && !/[=:]\s*$/.test(between) && meaningOf(key).quantity !== "loss") continue;
    let end = match.index + match[0].length;
    const behind = BEHIND.exec(line.slice(end, end + 40));
    if (behind !== null) end += behind[0].length;
    const total = TOTAL.exec(line.slice(end, end + 40));
    if (total !== null) end += total[0].length;
    from = end;
    // A loss that names its data says nothing of the next: "val loss 3.3, loss 3.2".
    scope = splitOf(counted(key) === null && meaningOf(key).quantity === "loss" ? before : between) || scope;
    if (behind !== null && behind[1] === undefined) continue;
    const text = match[0].replace(/^\+/, "") + (behind?.[1] ?? "");
    const field = named(followed(line.slice(end, end + 40), key) || key, scope, loss);
    if (field === null) continue;
    loss ||= field.meaning.quantity === "loss";
    const written = writtenNumber(text);
    if (written.kind === "ambiguous" && field.meaning.quantity === "loss")
      unclear.push({ ...written, name: field.name, text });
    else if (written.kind === "ambiguous") fields.push({ ...field, value: written.grouped });
    else if (written.kind === "number" || written.kind === "not-finite")
      fields.push({ ...field, value: written.value });
  }
  return { fields: withTrailingSplit(fields, line), unclear };
}

/** "step 100 loss 3.2 (validation)": the one loss of a line takes the data that the line speaks of. */
function withTrailingSplit(fields: readonly Field[], line: string): readonly Field[] {
  const losses = fields.filter(({ meaning }) => meaning.quantity === "loss");
  const [only] = losses;
  if (losses.length !== 1 || only?.meaning.quantity !== "loss" || only.meaning.split !== null) return fields;
  const words = wordsOf(line);
  const [validation, train] = [words.some((word) => VALIDATION.has(word)), words.some((word) => TRAIN.has(word))];
  if (validation === train) return fields;
  const name = `${splitOf(line)} ${only.name}`;
  return fields.map((field) => (field === only ? { ...field, name, meaning: meaningOf(name) } : field));
}

/** "INFO: [eval] val loss = " → "val loss", and what is before it; a unit in brackets at the end stays: "tokens (B)". */
function keyOf(between: string): { readonly key: string; readonly before: string } {
  const text = between.replace(/[\s:=>"'`@#~≈→[({<]+$/, "");
  const unit = /\s*[([][^()[\]]*[)\]]$/.exec(text)?.[0] ?? "";
  const words = text.slice(0, text.length - unit.length);
  const start = Math.max(0, ...Array.from(words.matchAll(CUTS), ({ index, 0: cut }) => index + cut.length));
  const key = words
    .slice(start)
    .replace(/^[^\p{L}\p{N}]+|["'`:\s]+$/gu, "")
    .replace(LEVELS, "");
  return { key: key === "" ? "" : `${key}${unit}`.slice(0, 80), before: words.slice(0, start) };
}

/** "after 1.05B tokens": what follows names a number that nothing before it does. */
function followed(behind: string, key: string): string {
  if (!/^(?:after|at|seen|processed|consumed)?$/i.test(key)) return "";
  return /^\s*(tokens|steps|iterations|updates)\b(?!\s*(?:\/|per\b))/i.exec(behind)?.[1]?.toLowerCase() ?? "";
}

/** What a key says under the words before it; null for a number without one. */
function named(key: string, scope: string, loss: boolean): Omit<Field, "value"> | null {
  if (key === "") return null;
  const words = wordsOf(key);
  if (words.length === 0) return null;
  const counter = counted(key);
  if (counter !== null) return counter;
  // "loss train: 3.1, val: 3.2"
  if (loss && words.every((word) => VALIDATION.has(word) || TRAIN.has(word)))
    return { name: `${key} loss`, meaning: meaningOf(`${key} loss`) };
  const meaning = meaningOf(key);
  if (meaning.quantity !== "loss" || meaning.split !== null || scope === "") return { name: key, meaning };
  return { name: `${scope} ${key}`, meaning: meaningOf(`${scope} ${key}`) };
}

/** "validation loss at iteration" counts iterations, and so does "validate step" of torchtitan; "validation step" may not. */
function counted(key: string): Omit<Field, "value"> | null {
  const name = /(?:(?:^|[\s_])(?:at|after|on|in|for)|^validate)\s+(.+)$/i.exec(key)?.[1];
  if (name === undefined) return null;
  const meaning = meaningOf(name);
  return meaning.quantity === "loss" || meaning.quantity === "other" ? null : { name, meaning };
}

/** The last word of a text that says which data are meant. */
function splitOf(text: string): string {
  const found = wordsOf(text).filter((word) => VALIDATION.has(word) || TRAIN.has(word));
  const last = found.at(-1);
  return last === undefined ? "" : TRAIN.has(last) ? "train" : /test/.test(last) ? "test" : "validation";
}
