// Properties that must hold for any input, however broken: it ends in a result or in an error of ours, and in time.
// Inputs are valid ones with seeded mutations: what a torn disk, a careless edit or a mischievous person leaves.
import fc from "fast-check";
import { FitError, InputError } from "../../src/base/errors.js";
import { compileExpression } from "../../src/base/expression/compile.js";
import { derivative, parseExpression } from "../../src/base/expression/parse.js";
import { observe } from "../../src/curve/observe.js";
import { parseDelimited } from "../../src/curve/read/delimited.js";
import { parseJsonLines } from "../../src/curve/read/json-lines.js";
import { parseRun, runsTable } from "../../src/curve/read/read-run.js";
import { decoded, type Source } from "../../src/curve/read/source.js";
import type { Table } from "../../src/curve/table.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import { lawByName } from "../../src/law/catalogue.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";
import { schemeByName } from "../../src/scheme/catalogue.js";
import { schemeCost } from "../../src/scheme/cost.js";
import { checkPlan, schemesOf } from "../../src/sweep/plan.js";
import { runLines } from "../curve/run-lines.js";

/** Processor time that one input may take: other work on the machine does not count. */
const SECONDS = 5;

const FRAGMENTS = [
  ..."0 9 - . , ; \t \n \r\n \" ' ( ) [ ] { } : ^ * / + = < > & | \\ # % ! ? $ @ é \u0000 \ufeff \u202e \ud800 💥".split(
    " ",
  ),
  ..."NaN inf -inf 1e999 1e-999 -0 null true undefined __proto__ constructor 9007199254740993 0x1F 1,5 50% ../ </script> tokens loss A B".split(
    " ",
  ),
  " ",
  "9".repeat(400),
  "(".repeat(60),
];

interface Mutation {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}
const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.oneof({ weight: 4, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(200) }),
  insert: fc.oneof(fc.constant(""), fc.constantFrom(...FRAGMENTS), fc.string({ maxLength: 6, unit: "binary" })),
});

/** One of the seeds with some pieces cut out and others put in. */
const mutated = (seeds: readonly string[]): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...seeds), fc.array(mutation, { maxLength: 6 })).map(([seed, mutations]) =>
    mutations.reduce((text, { at, remove, insert }) => {
      const start = Math.floor(at * text.length);
      return text.slice(0, start) + insert + text.slice(start + remove);
    }, seed),
  );

const points = (separator: string): string =>
  Array.from({ length: 12 }, (_, i) =>
    [1e6 * 2 ** (i % 6), 2 + 50 * (1e6 * 2 ** (i % 6)) ** -0.3 * (1 + 0.01 * Math.sin(i)), i < 6 ? "ab" : "rins"].join(
      separator,
    ),
  ).join("\n");
const TABLES = [
  `tokens,loss,scheme\n${points(",")}\n`,
  `tokens\tloss\tscheme\n${points("\t")}\n`,
  `"tokens","loss","scheme"\r\n${points(",").replaceAll("\n", "\r\n")}`,
];
const JSON_LINES = [
  points(",")
    .split("\n")
    .map((line) => {
      const [tokens, loss, scheme] = line.split(",");
      return JSON.stringify({ tokens: Number(tokens), loss: Number(loss), scheme });
    })
    .join("\n"),
];
const RUNS = [
  `${runLines().join("\n")}\n`,
  runLines({ status: null }).join("\n"),
  runLines({ status: "diverged" }).join("\n"),
];
const SIGNATURES = [
  "A B",
  "A^3 B",
  "(A B)^2",
  "A B^2 C",
  "((A^2 B)^2) B",
  "A:3 B:1",
  "rins-3",
  "stochastic-rins-3",
  "A (B C)^4 D",
];
const FORMULAS = [
  "E + A/N^alpha + B/tokens^beta",
  "a*exp(-b*tokens) + pi",
  "tokens > 3 ? a : b",
  "log(tokens, 10)^c - sqrt(abs(d))",
  'scheme == "ab" and tokens > 1e6',
];
const PLAN = {
  name: "p",
  shape: { width: 48, layers: 4, heads: 3, context: 64, vocabulary: 1024 },
  batch: 8,
  schemes: [
    "baseline",
    "A^2 B",
    { scheme: "rins-3", skipProbability: 0.5, adapters: true },
    { scheme: "A^2 B", latent: true },
  ],
  flops: [1e10, 2e10],
  seeds: [1, 2],
  learningRates: [8e-3],
  schedule: { warmupSteps: 10 },
};
const PLANS = [
  PLAN,
  { ...PLAN, corpus: { path: "x.txt" } },
  { ...PLAN, schemes: ["(A B)^2"] },
  { ...PLAN, schemes: [{ survey: { maximumRounds: 2 } }] },
];

const source = (text: string): Source => ({ name: "t", bytes: Buffer.from(text), sha256: "" });
function analysed(table: Table): void {
  for (const group of observe(table, ["tokens"], { y: "loss" }).groups) {
    try {
      fitLaw(powerLawWithLimit, group, { interval: "delta" });
    } catch (error) {
      if (!(error instanceof FitError)) throw error;
    }
  }
}

interface Property {
  readonly name: string;
  readonly seeds: readonly string[];
  readonly run: (text: string) => void;
}
export const PROPERTIES: readonly Property[] = [
  { name: "tables", seeds: TABLES, run: (text) => analysed(parseDelimited("t", decoded(source(text)).text)) },
  { name: "JSON lines", seeds: JSON_LINES, run: (text) => analysed(parseJsonLines("t", decoded(source(text)).text)) },
  { name: "run files", seeds: RUNS, run: (text) => analysed(runsTable([parseRun("r", text)])) },
  { name: "plans", seeds: PLANS.map((plan) => JSON.stringify(plan)), run: (text) => planned(text) },
  { name: "signatures", seeds: SIGNATURES, run: (text) => costed(text) },
  {
    name: "formulas",
    seeds: FORMULAS,
    run: (text) => {
      const formula = parseExpression(text);
      for (const name of formula.names.slice(0, 2)) derivative(formula, name);
      compileExpression(formula, formula.names)(formula.names.map(() => 1.5));
      lawByName(text, ["tokens"]);
    },
  },
];

function planned(text: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return; // readPlan says so; see the corpus of cases.
  }
  const plan = checkPlan(value, "plan");
  // Enumerating a survey takes a second: too long to do it thousands of times.
  if (!plan.schemes.some((scheme) => typeof scheme === "object" && "survey" in scheme))
    for (const shape of plan.shape) schemesOf(plan, shape);
}

function costed(text: string): void {
  schemeCost(schemeByName(text), { width: 48, layers: 4, heads: 3, context: 64, vocabulary: 1024 });
}

/** Runs every property on `runs` inputs; throws with the shrunken input and the seed where one fails. */
export function fuzz(property: Property, runs: number, seed: number): void {
  fc.assert(
    fc.property(mutated(property.seeds), (text) => {
      const start = process.cpuUsage();
      try {
        property.run(text);
      } catch (error) {
        if (!(error instanceof InputError || error instanceof FitError)) throw error;
        if (
          /\n {4}at |undefined|\[object/.test(error.message.replace(/got .*;/s, "").replace(/"(?:[^"\\]|\\.)*"/g, ""))
        )
          throw new Error(`message: ${error.message}`);
        if (error.message.includes("\n"))
          throw new Error(`a message must be one line: ${JSON.stringify(error.message)}`);
      }
      const seconds = process.cpuUsage(start).user / 1e6;
      if (seconds > SECONDS) throw new Error(`took ${seconds} s of processor time`);
    }),
    { numRuns: runs, seed },
  );
}
