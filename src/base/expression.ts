// Formulas that users type (--law, --derive, --where): parsed and differentiated by mathjs, never evaluated as code.
// A short list of node kinds and functions is let through; what is left becomes closures over named variables.
// mathjs takes most of a second to load, so it is loaded when the first formula is met.
import { createRequire } from "node:module";
import type { MathNode } from "mathjs";
import { InputError, nearestName, reasonOf, shown } from "./errors.js";

type Tree =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "call"; readonly name: string; readonly inputs: readonly Tree[] };

/** A checked formula. */
export interface Expression {
  readonly text: string;
  /** Free names in order of appearance; `pi` and `e` are constants and not among them. */
  readonly names: readonly string[];
  readonly tree: Tree;
}

const LONGEST = 4000;
const DEEPEST = 100;
const MOST_NODES = 1000;
const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ["pi", Math.PI],
  ["e", Math.E],
]);

interface Callable {
  readonly least: number;
  readonly most: number;
  readonly apply: (...inputs: number[]) => number;
}

const truth = (value: boolean): number => (value ? 1 : 0);
/** What may be called: number of inputs and value. The derivative of tan brings sec, that of tanh sech, and so on. */
const FUNCTIONS: ReadonlyMap<string, Callable> = new Map<string, Callable>([
  ...(["abs", "sqrt", "cbrt", "exp", "expm1", "log1p", "log2", "log10", "sign", "floor", "ceil", "round"] as const).map(
    (name): [string, Callable] => [name, { least: 1, most: 1, apply: Math[name] }],
  ),
  ...(["sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"] as const).map(
    (name): [string, Callable] => [name, { least: 1, most: 1, apply: Math[name] }],
  ),
  [
    "log",
    {
      least: 1,
      most: 2,
      apply: (x: number, base?: number) => (base === undefined ? Math.log(x) : Math.log(x) / Math.log(base)),
    },
  ],
  ["sec", { least: 1, most: 1, apply: (x: number) => 1 / Math.cos(x) }],
  ["csc", { least: 1, most: 1, apply: (x: number) => 1 / Math.sin(x) }],
  ["cot", { least: 1, most: 1, apply: (x: number) => 1 / Math.tan(x) }],
  ["sech", { least: 1, most: 1, apply: (x: number) => 1 / Math.cosh(x) }],
  ["csch", { least: 1, most: 1, apply: (x: number) => 1 / Math.sinh(x) }],
  ["coth", { least: 1, most: 1, apply: (x: number) => 1 / Math.tanh(x) }],
  ["atan2", { least: 2, most: 2, apply: Math.atan2 }],
  ["pow", { least: 2, most: 2, apply: Math.pow }],
  ["min", { least: 1, most: 20, apply: Math.min }],
  ["max", { least: 1, most: 20, apply: Math.max }],
]);
const OPERATORS: ReadonlyMap<string, (a: number, b: number) => number> = new Map([
  ["add", (a: number, b: number) => a + b],
  ["subtract", (a: number, b: number) => a - b],
  ["multiply", (a: number, b: number) => a * b],
  ["divide", (a: number, b: number) => a / b],
  ["pow", (a: number, b: number) => a ** b],
  ["mod", (a: number, b: number) => a % b],
  ["unaryMinus", (a: number) => -a],
  ["unaryPlus", (a: number) => a],
  ["not", (a: number) => truth(a === 0)],
  ["and", (a: number, b: number) => truth(a !== 0 && b !== 0)],
  ["or", (a: number, b: number) => truth(a !== 0 || b !== 0)],
  ["equal", (a: number, b: number) => truth(a === b)],
  ["unequal", (a: number, b: number) => truth(a !== b)],
  ["smaller", (a: number, b: number) => truth(a < b)],
  ["smallerEq", (a: number, b: number) => truth(a <= b)],
  ["larger", (a: number, b: number) => truth(a > b)],
  ["largerEq", (a: number, b: number) => truth(a >= b)],
]);

let loaded: typeof import("mathjs") | null = null;
function mathjs(): typeof import("mathjs") {
  const math: typeof import("mathjs") = loaded ?? createRequire(import.meta.url)("mathjs/number");
  loaded = math;
  return math;
}

/**
 * Checks and parses a formula.
 * @param where what the formula is for, at the head of messages: "--law", "--where".
 * @throws InputError, with the column, for anything but arithmetic, comparison, `and`/`or`/`not`, `c ? a : b`
 * and the listed functions of names, numbers and quoted text.
 */
export function parseExpression(text: string, where = "formula"): Expression {
  return checked(text, where, () => mathjs().parse(text));
}

/** ∂expression/∂name, symbolically. Throws InputError where a function has no derivative (max, round, comparisons). */
export function derivative(expression: Expression, name: string, where = "formula"): Expression {
  try {
    const node = mathjs().derivative(expression.text, name);
    return fromNode(node, `d(${expression.text})/d${name}`, where);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = reasonOf(error).split(":")[0];
    throw new InputError(
      `${where}: formula must have a derivative by ${shown(name)}, got ${shown(expression.text)} (${reason}); use smooth functions`,
    );
  }
}

function checked(text: string, where: string, parse: () => MathNode): Expression {
  if (text.trim() === "")
    throw new InputError(`${where}: formula must not be empty, got ""; write one like "E + A/N^alpha"`);
  if (text.length > LONGEST) {
    throw new InputError(
      `${where}: formula must have at most ${LONGEST} characters, got ${text.length}; shorten it, or add a column to the table`,
    );
  }
  refuseCharacters(text, where);
  try {
    return fromNode(parse(), text, where);
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (error instanceof RangeError) throw tooDeep(where, text);
    const column = error instanceof SyntaxError && "char" in error ? ` column ${String(error.char)}` : "";
    const reason = reasonOf(error).replace(/ \(char \d+\)$/, "");
    throw new InputError(`${where}${column}: formula must parse, got ${shown(text)} (${reason}); check it there`);
  }
}

/** Assignment, property access, indexing, blocks and calls of anything but the list are refused by their characters. */
function refuseCharacters(text: string, where: string): void {
  const bare = text.replace(/"[^"\\]*"|'[^'\\]*'/g, (quoted) => " ".repeat(quoted.length));
  const patterns: readonly (readonly [RegExp, string])[] = [
    [/(?<![=<>!])=(?!=)/, "assign nothing; compare with =="],
    [/[[\]{};\\`@#$~]/, "use names, numbers, + - * / ^ ( ) and functions alone"],
    [/&+|\|+/, "write and, or"],
    [/(?<!\d)\.(?!\d)|(?<=[A-Za-z_)])\.(?=\w)/, "use no property access"],
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    [/[\u0000-\u0008\u000b-\u001f\u007f]|["']/, "balance the quotes, remove control characters"],
  ];
  for (const [pattern, remedy] of patterns) {
    const found = pattern.exec(bare);
    if (found !== null) {
      throw new InputError(
        `${where} column ${found.index + 1}: formula must be plain arithmetic, got ${shown(found[0])}; ${remedy}`,
      );
    }
  }
  let depth = 0;
  for (const letter of bare) {
    depth += letter === "(" ? 1 : letter === ")" ? -1 : 0;
    if (depth > DEEPEST) throw tooDeep(where, text);
  }
}

function tooDeep(where: string, text: string): InputError {
  return new InputError(
    `${where}: formula must nest at most ${DEEPEST} deep and have at most ${MOST_NODES} terms, got ${shown(text)}; simplify it`,
  );
}

function fromNode(root: MathNode, text: string, where: string): Expression {
  const math = mathjs();
  const names = new Set<string>();
  let nodes = 0;
  const refuse = (rule: string, what: string, remedy: string): never => {
    const at = text.indexOf(what);
    throw new InputError(`${where}${at < 0 ? "" : ` column ${at + 1}`}: ${rule}, got ${shown(what)}; ${remedy}`);
  };
  const visit = (node: MathNode, depth: number): Tree => {
    nodes++;
    if (depth > DEEPEST * 4 || nodes > MOST_NODES * 20) throw tooDeep(where, text);
    const next = (child: MathNode): Tree => visit(child, depth + 1);
    if (math.isParenthesisNode(node)) return next(node.content);
    if (math.isConstantNode(node)) {
      const value: unknown = node.value;
      if (typeof value === "boolean") return { kind: "number", value: truth(value) };
      if (typeof value === "string") return { kind: "text", value };
      if (typeof value === "number" && Number.isFinite(value)) return { kind: "number", value };
      return refuse("constant must be a finite number", String(value), "write it out");
    }
    if (math.isSymbolNode(node)) {
      if (!CONSTANTS.has(node.name)) names.add(node.name);
      return { kind: "name", name: node.name };
    }
    if (math.isOperatorNode(node)) {
      const name = String(node.fn);
      if (!OPERATORS.has(name)) refuse("operator must be one of + - * / ^ % == != < <= > >=", node.op, "rewrite it");
      return { kind: "call", name: name === "pow" ? "^" : name, inputs: node.args.map(next) };
    }
    if (math.isConditionalNode(node)) {
      return { kind: "call", name: "?", inputs: [next(node.condition), next(node.trueExpr), next(node.falseExpr)] };
    }
    if (math.isFunctionNode(node) && math.isSymbolNode(node.fn)) {
      const name = node.fn.name;
      const known = FUNCTIONS.get(name);
      if (known === undefined) {
        const nearest = nearestName(name, [...FUNCTIONS.keys()]);
        const hint =
          nearest === null ? `use ${[...FUNCTIONS.keys()].slice(0, 6).join(", ")}, …` : `did you mean ${nearest}?`;
        return refuse("function must be a known one", name, `${hint} (for a product write *)`);
      }
      if (node.args.length < known.least || node.args.length > known.most) {
        refuse(
          `${name} must have ${known.least} input${known.most > 1 ? ` to ${known.most}` : ""}`,
          name,
          "add or drop inputs",
        );
      }
      return { kind: "call", name, inputs: node.args.map(next) };
    }
    return refuse("formula must be plain arithmetic", node.type, "use names, numbers, operators and functions alone");
  };
  const tree = visit(root, 0);
  return { text, names: [...names], tree };
}

/**
 * The formula as a function of numbers, given in the order of `order`. Truth is 1, falsehood 0.
 * @throws InputError for a free name that is not in `order`, and for text.
 */
export function compileExpression(
  expression: Expression,
  order: readonly string[],
  where = "formula",
): (values: ArrayLike<number>) => number {
  type Closure = (values: ArrayLike<number>) => number;
  const compile = (tree: Tree): Closure => {
    switch (tree.kind) {
      case "number": {
        const value = tree.value;
        return () => value;
      }
      case "text":
        throw new InputError(`${where}: formula must be of numbers, got ${shown(tree.value)}; drop the quoted text`);
      case "name": {
        const index = order.indexOf(tree.name);
        if (index >= 0) return (values) => values[index] ?? Number.NaN;
        const constant = CONSTANTS.get(tree.name);
        if (constant !== undefined) return () => constant;
        throw unknownName(tree.name, order, expression.text, where);
      }
      case "call": {
        const [a, b, c] = tree.inputs.map(compile);
        if (a === undefined) throw new InputError(`${where}: ${tree.name} must have inputs, got none; add one`);
        if (tree.name === "?" && b !== undefined && c !== undefined) return (v) => (a(v) !== 0 ? b(v) : c(v));
        const operator = OPERATORS.get(tree.name === "^" ? "pow" : tree.name);
        if (operator !== undefined && !FUNCTIONS.has(tree.name)) {
          return b === undefined ? (v) => operator(a(v), 0) : (v) => operator(a(v), b(v));
        }
        const apply = FUNCTIONS.get(tree.name)?.apply ?? Number;
        if (b === undefined) return (v) => apply(a(v));
        if (c === undefined) return (v) => apply(a(v), b(v));
        const inputs = tree.inputs.map(compile);
        return (v) => apply(...inputs.map((input) => input(v)));
      }
    }
  };
  return compile(expression.tree);
}

/** One name's values by row: numbers, or text that may be compared with == and !=. */
export type Cells = { readonly kind: "number" | "text"; readonly values: ArrayLike<number> | ArrayLike<string> };

/** The formula as a function of a row of named columns; `column == "text"` compares text. Throws as compileExpression. */
export function compileRowExpression(
  expression: Expression,
  column: (name: string) => Cells | undefined,
  known: readonly string[],
  where = "formula",
): (row: number) => number {
  const textual = (tree: Tree): ((row: number) => string) | null => {
    if (tree.kind === "text") return () => tree.value;
    const cells = tree.kind === "name" ? column(tree.name) : undefined;
    if (cells?.kind !== "text") return null;
    const values = cells.values;
    return (row) => String(values[row] ?? "");
  };
  /** Text of a number or of a truth value, where it is compared with a text column that holds such cells. */
  const asText = (tree: Tree): ((row: number) => string) | null =>
    textual(tree) ?? (tree.kind === "number" ? () => String(tree.value) : null);

  const order: string[] = [];
  const readers: ((row: number) => number)[] = [];
  const reader = (read: (row: number) => number): Tree => {
    const name = `#${readers.push(read) - 1}`;
    order.push(name);
    return { kind: "name", name };
  };
  const rewrite = (tree: Tree): Tree => {
    if (tree.kind === "call" && (tree.name === "equal" || tree.name === "unequal")) {
      const [left, right] = tree.inputs;
      if (left !== undefined && right !== undefined && (textual(left) !== null || textual(right) !== null)) {
        const [a, b] = [asText(left), asText(right)];
        if (a !== null && b !== null) {
          const same = tree.name === "equal";
          return reader((row) => truth((a(row) === b(row)) === same));
        }
      }
    }
    if (tree.kind === "call") return { ...tree, inputs: tree.inputs.map(rewrite) };
    if (tree.kind !== "name") return tree;
    const cells = column(tree.name);
    if (cells === undefined) {
      if (CONSTANTS.has(tree.name)) return tree;
      throw unknownName(tree.name, known, expression.text, where);
    }
    if (cells.kind === "text") {
      throw new InputError(
        `${where}: column ${shown(tree.name)} must hold numbers here, got text; compare it as ${tree.name} == "…"`,
      );
    }
    const values = cells.values;
    return reader((row) => Number(values[row]));
  };
  const tree = rewrite(expression.tree);
  const evaluate = compileExpression({ ...expression, tree }, order, where);
  const values = new Float64Array(readers.length);
  return (row) => {
    for (let i = 0; i < readers.length; i++) values[i] = readers[i]?.(row) ?? Number.NaN;
    return evaluate(values);
  };
}

function unknownName(name: string, known: readonly string[], text: string, where: string): InputError {
  const nearest = nearestName(name, known);
  const at = text.indexOf(name);
  const hint = nearest === null ? `there are ${known.slice(0, 12).join(", ")}` : `did you mean ${nearest}?`;
  return new InputError(
    `${where}${at < 0 ? "" : ` column ${at + 1}`}: name must be a known one, got ${shown(name)}; ${hint}`,
  );
}
