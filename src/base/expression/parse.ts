// Formulas that users type (--law, --derive, --where): parsed and differentiated by mathjs, never evaluated as code.
// A short list of node kinds and functions is let through; what is left is a tree (compile.ts makes functions of it).
// mathjs takes most of a second to load, so it is loaded when the first formula is met.
import { createRequire } from "node:module";
import type { MathNode } from "mathjs";
import { InputError, nearestName, reasonOf, shown } from "../errors.js";
import { CONSTANTS, FUNCTIONS, OPERATORS, truth } from "./functions.js";

export type Tree =
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
  const { plain, columns } = quotedColumns(text);
  return checked(text, plain, columns, where, () => mathjs().parse(plain));
}

/**
 * Names of columns in backquotes or brackets (`Training FLOP`, [val/bpb]) put as identifiers that mathjs reads, of the
 * same length so that places in messages stay right.
 */
function quotedColumns(text: string): { readonly plain: string; readonly columns: ReadonlyMap<string, string> } {
  const columns = new Map<string, string>();
  const plain = text.replace(
    /"[^"\\]*"|'[^'\\]*'|(?<![\w)\]`])(?:`([^`\n]+)`|\[([^[\]\n]+)\])(?![\w[`])/g,
    (whole: string, backquoted?: string, bracketed?: string) => {
      const name = backquoted ?? bracketed;
      if (name === undefined) return whole;
      const stem = `q${columns.size}`;
      const identifier = `${stem}${"_".repeat(Math.max(1, whole.length - stem.length))}`;
      columns.set(identifier, name);
      return identifier;
    },
  );
  return { plain, columns };
}

/** ∂expression/∂name, symbolically. Throws InputError where a function has no derivative (max, round, comparisons). */
export function derivative(expression: Expression, name: string, where = "formula"): Expression {
  try {
    const { plain, columns } = quotedColumns(expression.text);
    const node = mathjs().derivative(plain, name);
    return fromNode(node, `d(${expression.text})/d${name}`, columns, where);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = reasonOf(error).split(":")[0];
    throw new InputError(
      `${where}: formula must have a derivative by ${shown(name)}, got ${shown(expression.text)} (${reason}); use smooth functions`,
    );
  }
}

function checked(
  text: string,
  plain: string,
  columns: ReadonlyMap<string, string>,
  where: string,
  parse: () => MathNode,
): Expression {
  if (text.trim() === "")
    throw new InputError(`${where}: formula must not be empty, got ""; write one like "E + A/N^alpha"`);
  if (text.length > LONGEST) {
    throw new InputError(
      `${where}: formula must have at most ${LONGEST} characters, got ${text.length}; shorten it, or add a column to the table`,
    );
  }
  refuseCharacters(plain, where);
  try {
    return fromNode(parse(), text, columns, where);
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
    [
      /[[\]{};\\`@#$~]/,
      "use names, numbers, + - * / ^ ( ) and functions alone; columns of other names go in backquotes",
    ],
    [/&+|\|+/, "write and, or"],
    [/(?<!\d)\.(?!\d)|(?<=[A-Za-z_)])\.(?=\w)/, "use no property access; a column of that name goes in backquotes"],
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

function fromNode(root: MathNode, text: string, columns: ReadonlyMap<string, string>, where: string): Expression {
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
      const column = columns.get(node.name);
      if (column !== undefined || !CONSTANTS.has(node.name)) names.add(column ?? node.name);
      return { kind: "name", name: column ?? node.name };
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
