// Checked formulas as functions: of numbers in a given order, or of the rows of a table.
import { InputError, nearestName, shown } from "../errors.js";
import { CONSTANTS, FUNCTIONS, OPERATORS, truth } from "./functions.js";
import type { Expression, Tree } from "./parse.js";

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
export type Cells = {
  readonly kind: "number" | "text";
  readonly values: ArrayLike<number> | ArrayLike<string>;
  /** The cells of numbers as they were written, which text is compared with. */
  readonly written?: { readonly texts: readonly string[] };
};

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
  const asText = (tree: Tree): ((row: number) => string) | null => {
    const texts = tree.kind === "name" ? column(tree.name)?.written?.texts : undefined;
    if (texts !== undefined) return (row) => texts[row] ?? "";
    return textual(tree) ?? (tree.kind === "number" ? () => String(tree.value) : null);
  };

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
  const bare = known.find((one) => !/^\w+$/.test(one) && text.includes(one) && !text.includes(`\`${one}\``));
  const hint =
    bare !== undefined
      ? `write \`${bare}\` in backquotes`
      : nearest === null
        ? `there are ${known.slice(0, 12).join(", ")}`
        : `did you mean ${nearest}?`;
  return new InputError(
    `${where}${at < 0 ? "" : ` column ${at + 1}`}: name must be a known one, got ${shown(name)}; ${hint}`,
  );
}
