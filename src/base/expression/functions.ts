// What a formula may call: constants, functions and operators by the names that mathjs gives them.

export const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ["pi", Math.PI],
  ["e", Math.E],
]);

interface Callable {
  readonly least: number;
  readonly most: number;
  readonly apply: (...inputs: number[]) => number;
}

/** Truth is 1, falsehood 0. */
export const truth = (value: boolean): number => (value ? 1 : 0);
/** What may be called: number of inputs and value. The derivative of tan brings sec, that of tanh sech, and so on. */
export const FUNCTIONS: ReadonlyMap<string, Callable> = new Map<string, Callable>([
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
export const OPERATORS: ReadonlyMap<string, (a: number, b: number) => number> = new Map([
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
