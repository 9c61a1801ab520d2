// One true log under many hands: coloured, padded, with other words, other counters, noise between the lines, resumed,
// doubled, shuffled. The curve that comes out is the true one, or nothing comes out; never another curve.
import fc from "fast-check";
import { expect, test } from "vitest";
import { column, door } from "./door.js";

const { imported } = door("property");
const TOKENS_A_STEP = 524288;

interface Style {
  readonly step: string;
  readonly loss: string;
  readonly between: string;
  readonly padding: number;
  readonly colour: boolean;
  readonly prefix: string;
  readonly grouped: boolean;
  readonly exponential: boolean;
  readonly total: boolean;
  readonly train: boolean;
  readonly end: string;
}
const style: fc.Arbitrary<Style> = fc.record({
  step: fc.constantFrom("step ", "step: ", "step=", "Step ", "global_step=", "iteration ", "iter ", "[step ", "Step: "),
  loss: fc.constantFrom(
    "val loss ",
    "val_loss=",
    "validation loss: ",
    "eval_loss: ",
    "Val Loss ",
    "valid/loss=",
    "val_loss:",
  ),
  between: fc.constantFrom(" | ", ", ", " ", "  ", "\t", "; "),
  padding: fc.nat(8),
  colour: fc.boolean(),
  prefix: fc.constantFrom(
    "",
    "[INFO] ",
    "2026-01-02 03:04:05,678 ",
    "[2026-01-02 03:04:05] INFO: ",
    "rank0: ",
    "I0102 03:04:05.123456 4242 train.py:77] ",
  ),
  grouped: fc.boolean(),
  exponential: fc.boolean(),
  total: fc.boolean(),
  train: fc.boolean(),
  end: fc.constantFrom("\n", "\r\n"),
});
const curve = fc
  .array(fc.integer({ min: 2000, max: 9000 }), { minLength: 16, maxLength: 40 })
  .map((losses) => losses.map((loss, i): readonly [number, number] => [(i + 1) * 250, loss / 1000]));

function lineOf([step, loss]: readonly [number, number], { step: key, loss: name, ...how }: Style): string {
  const paint = (text: string): string => (how.colour ? `\u001b[33m${text}\u001b[0m` : text);
  const counted = (how.grouped ? step.toLocaleString("en-US") : String(step)).padStart(how.padding);
  const total = how.total ? `/${how.grouped ? "1,000,000" : " 1000000"}` : "";
  const closing = key.startsWith("[") ? "]" : "";
  const measured = how.exponential ? loss.toExponential(6).toUpperCase() : loss.toFixed(4);
  const train = how.train ? `train loss ${(loss + 0.5).toFixed(4)}${how.between}` : "";
  return `${how.prefix}${key}${paint(counted)}${total}${closing}${how.between}${train}${name}${paint(measured)}`;
}

const NOISE = [
  "saving checkpoint to out/ckpt.pt",
  "tok/sec: 1,059,123 mfu: 48.2",
  "grad norm 1.25",
  "",
  "epoch time 123.4s",
];

/** What came out: the curve, or null for a refusal. */
async function read(lines: readonly string[], end: string): Promise<readonly (readonly [number, number])[] | null> {
  const answer = await imported("a.log", lines.join(end) + end, "--tokens-per-step", String(TOKENS_A_STEP));
  if (answer.exit !== 0) return null;
  const [tokens, losses] = [column(answer.points, "tokens").map(Number), column(answer.points, "loss").map(Number)];
  return tokens.map((count, i) => [count / TOKENS_A_STEP, losses[i] ?? Number.NaN]);
}

const runs = { numRuns: 120, seed: 18 };

test("any hand: the true curve", async () => {
  await fc.assert(
    fc.asyncProperty(curve, style, fc.array(fc.constantFrom(...NOISE), { maxLength: 6 }), async (truth, how, noise) => {
      const lines = truth.flatMap((point, i) => [lineOf(point, how), ...(noise[i] === undefined ? [] : [noise[i]])]);
      expect(await read(lines, how.end)).toEqual(truth);
    }),
    runs,
  );
});

test("resumed at any point, what was abandoned is not in the curve", async () => {
  await fc.assert(
    fc.asyncProperty(curve, style, fc.nat(100), fc.nat(4), async (truth, how, at, lost) => {
      const from = 2 + (at % (truth.length - 4));
      const abandoned = Array.from({ length: lost + 1 }, (_, i): readonly [number, number] => [
        (from + 1 + i) * 250,
        9.5,
      ]);
      const lines = [...truth.slice(0, from), ...abandoned, ...truth.slice(from)].map((point) => lineOf(point, how));
      expect(await read(lines, how.end)).toEqual(truth);
    }),
    runs,
  );
});

test("shuffled: the true curve or a refusal", async () => {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(
      curve.chain((truth) =>
        fc.tuple(fc.constant(truth), fc.shuffledSubarray([...truth], { minLength: truth.length })),
      ),
      style,
      async ([truth, shuffled], how) => {
        const found = await read(
          shuffled.map((point) => lineOf(point, how)),
          how.end,
        );
        if (found === null) refused++;
        else expect(found).toEqual(truth);
      },
    ),
    runs,
  );
  expect(refused).toBeGreaterThan(0);
});

test("a table of it: rows shuffled, columns in any order, any delimiter, decimal commas: the true curve", async () => {
  await fc.assert(
    fc.asyncProperty(
      curve.chain((truth) =>
        fc.tuple(fc.constant(truth), fc.shuffledSubarray([...truth], { minLength: truth.length })),
      ),
      fc.constantFrom(",", "\t", ";"),
      fc.boolean(),
      fc.boolean(),
      async ([truth, shuffled], delimiter, lossFirst, comma) => {
        const cell = (loss: number): string =>
          comma && delimiter === ";" ? loss.toFixed(3).replace(".", ",") : loss.toFixed(3);
        const rows = shuffled.map(([step, loss]) =>
          (lossFirst ? [cell(loss), step, "x"] : ["x", step, cell(loss)]).join(delimiter),
        );
        const header = (lossFirst ? ["val_loss", "step", "note"] : ["note", "step", "val_loss"]).join(delimiter);
        const answer = await imported("t.csv", `${header}\n${rows.join("\n")}\n`, "--tokens-per-step", "1");
        expect(answer.points.map((point) => [point.tokens, point.loss])).toEqual(truth);
      },
    ),
    runs,
  );
});
