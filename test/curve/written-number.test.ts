// The number reader against an independent one on 20,000 strings: the same number, both readings where there are two, or
// nothing. The other reader goes letter by letter and counts in whole numbers; it shares no code and no expression.
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { type Written, writtenColumn, writtenNumber } from "../../src/curve/written-number.js";

const POWERS: Readonly<Record<string, number>> = { k: 3, K: 3, M: 6, B: 9, G: 9, T: 12 };
const isDigit = (letter: string | undefined): boolean => letter !== undefined && letter >= "0" && letter <= "9";

/** digits·10^power, rounded once. */
function value(negative: boolean, digits: string, power: number): number {
  const whole = BigInt(digits === "" ? "0" : digits);
  // The decimal text of a whole number and a power is read by the one correctly rounded conversion there is.
  const size = Number(`${whole}e${power}`);
  return negative ? -size : size;
}

/** Every number that a text may mean, by hand: an optional sign, segments of digits between marks, exponent or scale. */
function readings(text: string): readonly number[] {
  let at = 0;
  const negative = text[0] === "-";
  if (text[0] === "+" || text[0] === "-") at++;
  const segments: string[] = [""];
  const marks: string[] = [];
  while (at < text.length && (isDigit(text[at]) || ".,_'’ \u00a0\u2009\u202f".includes(text[at] ?? ""))) {
    const letter = text[at] ?? "";
    if (isDigit(letter)) segments[segments.length - 1] += letter;
    else if (letter === " " && at + 1 < text.length && "kKMBGT".includes(text[at + 1] ?? "-")) break;
    else {
      marks.push(letter);
      segments.push("");
    }
    at++;
  }
  let rest = text.slice(at);
  let [exponent, scaled] = [0, false];
  if (rest.startsWith("e") || rest.startsWith("E")) {
    const sign = rest[1] === "-" ? -1 : 1;
    const digits = rest.slice(rest[1] === "-" || rest[1] === "+" ? 2 : 1);
    if (digits === "" || ![...digits].every(isDigit)) return [];
    exponent = sign * Number(digits);
    rest = "";
  } else if (rest !== "") {
    const letter = rest.startsWith(" ") ? rest.slice(1) : rest;
    if (letter.length !== 1 || POWERS[letter] === undefined) return [];
    exponent = POWERS[letter] ?? 0;
    scaled = true;
  }
  const [first = "", ...others] = segments;
  if (segments.every((segment) => segment === "")) return [];
  const found = new Set<number>();
  const point = marks.length === 1 && marks[0] === ".";
  if (marks.length === 0) found.add(value(negative, first, exponent));
  if (point) found.add(value(negative, first + (others[0] ?? ""), exponent - (others[0] ?? "").length));
  if (scaled || exponent !== 0 || /[eE]/.test(text)) {
    // A decimal comma may have an exponent, thousands may not; a scale follows a plain number alone.
    if (!scaled && marks.length === 1 && marks[0] === "," && first !== "" && others[0] !== "")
      found.add(value(negative, first + (others[0] ?? ""), exponent - (others[0] ?? "").length));
    return [...found];
  }
  if (marks.length === 1 && marks[0] === "," && first !== "" && others[0] !== "")
    found.add(value(negative, first + (others[0] ?? ""), -(others[0] ?? "").length));
  const fraction = marks.at(-1) === "." ? others.at(-1) : null;
  const groups = fraction === null ? others : others.slice(0, -1);
  const separators = fraction === null ? marks : marks.slice(0, -1);
  const grouped =
    groups.length > 0 &&
    separators.every(
      (mark) =>
        mark === separators[0] ||
        (" \u00a0\u2009\u202f".includes(mark) && " \u00a0\u2009\u202f".includes(separators[0] ?? "-")) ||
        ("'’".includes(mark) && "'’".includes(separators[0] ?? "-")),
    ) &&
    separators[0] !== "." &&
    first.length >= 1 &&
    first.length <= 3 &&
    groups.every((group) => group.length === 3) &&
    fraction !== "" &&
    !(first.startsWith("0") && separators[0] === "," && separators.length === 1 && fraction === null);
  if (grouped) found.add(value(negative, first + groups.join("") + (fraction ?? ""), -(fraction ?? "").length));
  return [...found];
}

function agrees(text: string, written: Written): boolean {
  const all = readings(text);
  if (written.kind === "number") return all.length === 1 && all[0] === written.value;
  if (written.kind === "ambiguous")
    return all.length === 2 && [written.grouped, written.decimal].every((one) => all.includes(one));
  if (written.kind === "not-finite") return /nan|inf/i.test(text) || !Number.isFinite(all[0]);
  return all.length === 0;
}

const draw = random("numbers");
const pick = (from: string): string => from[draw.integer(from.length)] ?? "";
const some = (letters: string, most: number): string =>
  Array.from({ length: draw.integer(most + 1) }, () => pick(letters)).join("");
/** Numbers as people write them, and the same with letters changed. */
function written(): string {
  const mark = pick(",,,_' .");
  const groups = Array.from(
    { length: draw.integer(4) },
    () => mark + some("0123456789", 3).padStart(draw.integer(8) === 0 ? 2 : 3, "0"),
  );
  const head = pick(["", "", "-", "+"].join("") || "-");
  const text = `${draw.integer(3) === 0 ? head : ""}${some("0123456789", 4) || "7"}${groups.join("")}${draw.integer(2) === 0 ? `${pick(".,.")}${some("0123456789", 5)}` : ""}${draw.integer(3) === 0 ? pick("kKMBGTmbx%") : draw.integer(3) === 0 ? `e${some("+-", 1)}${some("0123456789", 2)}` : ""}`;
  if (draw.integer(3) > 0) return text;
  const at = draw.integer(text.length + 1);
  return text.slice(0, at) + some("0123456789.,_ 'eE+-kKMBGTinfa%", 2) + text.slice(at + draw.integer(2));
}

test("20,000 strings: the number there is, both readings where there are two, or none", () => {
  let [numbers, ambiguous] = [0, 0];
  for (let i = 0; i < 20_000; i++) {
    const text = written().trim();
    const read = writtenNumber(text);
    if (read.kind === "missing") continue;
    expect([text, agrees(text, read), readings(text)]).toEqual([text, true, readings(text)]);
    if (read.kind === "number") numbers++;
    if (read.kind === "ambiguous") ambiguous++;
  }
  // The strings are of all kinds, or the agreement would say nothing.
  expect(numbers).toBeGreaterThan(5000);
  expect(ambiguous).toBeGreaterThan(200);
});

test.each<[readonly string[], "." | ",", boolean, readonly number[] | null]>([
  [["1,000,000", "2,500"], ".", false, [1e6, 2500]],
  [["4,512", "4,3"], ".", false, [4.512, 4.3]],
  [["4,512", "4,301"], ".", false, null],
  [["4,512", "4,301"], ".", true, [4512, 4301]],
  [["1,000,000", "4,51"], ".", false, null],
  [["4,512", "1.234"], ",", false, null],
  [["4,512", "1.000.000"], ",", false, [4.512, 1e6]],
  [["500M", "1.05B", "", "nan"], ".", false, [5e8, 1.05e9, Number.NaN, Number.NaN]],
])("a column settles what a cell leaves open: %j with mark %s", (cells, mark, counts, values) => {
  const read = writtenColumn(cells, mark, counts);
  expect(read === null ? null : [...read.values]).toEqual(values);
});
