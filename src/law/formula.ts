// A law of the user's: any formula, differentiated symbolically by mathjs and run as closures. Names that are columns of
// the data are variables, all others parameters; which of these are linear, and what role they play, is read off the tree.

import { InputError, shown } from "../base/errors.js";
import { compileExpression } from "../base/expression/compile.js";
import { derivative, type Expression, parseExpression } from "../base/expression/parse.js";
import type { Law, LawParameter } from "./law.js";

type Tree = Expression["tree"];

const MOST_PARAMETERS = 20;
const STARTS = 600;

/**
 * The law that a formula states, e.g. "E + A/N^alpha + B/D^beta".
 * @param columns names that may be variables: the columns of the data.
 * @throws InputError, with the column of the text, for what is not plain arithmetic (see parseExpression), for a formula
 * without a parameter or without a variable, and for functions without a derivative.
 */
export function formulaLaw(text: string, columns: readonly string[]): Law {
  const where = "--law";
  const expression = parseExpression(text, where);
  const variables = expression.names.filter((name) => columns.includes(name));
  const names = expression.names.filter((name) => !columns.includes(name));
  if (names.length === 0 || variables.length === 0) {
    const missing = names.length === 0 ? "a parameter" : "a variable";
    throw new InputError(
      `${where}: formula must have ${missing}, got ${shown(text)} with columns ${columns.slice(0, 8).join(", ")}; parameters are names that are no columns, variables names that are`,
    );
  }
  if (names.length > MOST_PARAMETERS) {
    throw new InputError(
      `${where}: formula must have at most ${MOST_PARAMETERS} parameters, got ${names.length}; are ${names.slice(0, 3).join(", ")} columns to be mapped with --map?`,
    );
  }
  const order = [...names, ...variables];
  const evaluate = compileExpression(expression, order, where);
  const slopes = names.map((name) => compileExpression(derivative(expression, name, where), order, where));
  const linear = linearTogether(expression.tree, names);
  const values = new Float64Array(order.length);
  const load = (theta: ArrayLike<number>, x: ArrayLike<number>) => {
    for (let i = 0; i < names.length; i++) values[i] = theta[i] ?? 0;
    for (let v = 0; v < variables.length; v++) values[names.length + v] = x[v] ?? 0;
  };
  const parameters = names.map(
    (name): LawParameter => ({
      name,
      meaning: `parameter of ${text}`,
      lower: Number.NEGATIVE_INFINITY,
      upper: Number.POSITIVE_INFINITY,
      linear: linear.has(name),
      role: roleOf(expression.tree, name, linear.has(name)),
    }),
  );
  return {
    name: text,
    formula: text,
    variables,
    parameters,
    value: (theta, x) => {
      load(theta, x);
      return evaluate(values);
    },
    gradient: (theta, x, out) => {
      load(theta, x);
      for (let k = 0; k < slopes.length; k++) out[k] = slopes[k]?.(values) ?? Number.NaN;
      return evaluate(values);
    },
    starts: (x, loss) =>
      spreadStarts(
        parameters.filter((parameter) => !parameter.linear),
        x,
        loss,
      ),
  };
}

/** Degree in the names of `set` taken together: 0 free of them, 1 linear, Infinity anything else. */
function degree(tree: Tree, set: ReadonlySet<string>): number {
  if (tree.kind === "name") return set.has(tree.name) ? 1 : 0;
  if (tree.kind !== "call") return 0;
  const degrees = tree.inputs.map((input) => degree(input, set));
  const highest = Math.max(0, ...degrees);
  if (highest === 0) return 0;
  const [left = 0, right = 0] = degrees;
  if (["add", "subtract", "unaryMinus", "unaryPlus"].includes(tree.name)) return highest;
  if (tree.name === "multiply" && left + right <= 1) return left + right;
  if (tree.name === "divide" && right === 0) return left;
  return Number.POSITIVE_INFINITY;
}

/** Parameters, in order of appearance, that the formula is linear in all at once. */
function linearTogether(tree: Tree, names: readonly string[]): ReadonlySet<string> {
  const chosen = new Set<string>();
  for (const name of names) if (degree(tree, new Set([...chosen, name])) <= 1) chosen.add(name);
  return chosen;
}

/** A term that stands alone is a limit, what stands in an exponent of a power is an exponent, other linear ones factors. */
function roleOf(tree: Tree, name: string, linear: boolean): LawParameter["role"] {
  const alone = (node: Tree): boolean =>
    node.kind === "name" ? node.name === name : node.kind === "call" && node.name === "add" && node.inputs.some(alone);
  if (alone(tree)) return "limit";
  const mentions = (node: Tree): boolean =>
    node.kind === "name" ? node.name === name : node.kind === "call" && node.inputs.some(mentions);
  const inExponent = (node: Tree): boolean =>
    node.kind === "call" &&
    ((node.name === "^" && node.inputs[1] !== undefined && mentions(node.inputs[1])) || node.inputs.some(inExponent));
  if (inExponent(tree)) return "exponent";
  return linear ? "coefficient" : "other";
}

/**
 * Starts for parameters of which nothing is known: points of a Halton sequence, each coordinate a magnitude spread evenly
 * in logarithm around a scale of the data, with either sign. Exponents stay between 0.02 and 3.
 */
function spreadStarts(
  unknown: readonly LawParameter[],
  x: readonly Float64Array[],
  loss: Float64Array,
): readonly (readonly number[])[] {
  if (unknown.length === 0) return [[]];
  const size = (values: Float64Array) => {
    const magnitudes = values
      .map(Math.abs)
      .filter((v) => v > 0)
      .sort();
    return (magnitudes[magnitudes.length >> 1] ?? 0) || 1;
  };
  const scales = [1, ...x.flatMap((column) => [1 / size(column), size(column)]), size(loss)];
  const primes = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71];
  return Array.from({ length: STARTS }, (_, i) =>
    unknown.map((parameter, k) => {
      const u = halton(i + 1, primes[k] ?? 2);
      if (parameter.role === "exponent") return (i % 4 === 3 ? -1 : 1) * 0.02 * 150 ** u;
      const pick = halton(i + 1, primes[(k + unknown.length) % primes.length] ?? 3) * scales.length;
      const scale = scales[Math.floor(pick)] ?? 1;
      const sign = halton(i + 1, primes[(k + 2 * unknown.length) % primes.length] ?? 5) < 0.25 ? -1 : 1;
      return sign * scale * 10 ** (4 * u - 2);
    }),
  );
}

function halton(index: number, base: number): number {
  let [fraction, result] = [1, 0];
  for (let i = index; i > 0; i = Math.floor(i / base)) {
    fraction /= base;
    result += fraction * (i % base);
  }
  return result;
}
