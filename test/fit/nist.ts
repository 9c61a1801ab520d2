// Reads a problem of the NIST StRD nonlinear-regression suite and states its model as a formula.
import { readFileSync } from "node:fs";

export interface NistProblem {
  readonly name: string;
  readonly formula: string;
  readonly logResponse: boolean;
  readonly parameters: readonly { name: string; start1: number; start2: number; value: number; deviation: number }[];
  readonly sumOfSquares: number;
  readonly y: Float64Array;
  readonly columns: ReadonlyMap<string, Float64Array>;
}

export function readNist(file: string): NistProblem {
  const lines = readFileSync(file, "latin1").split(/\r?\n/);
  const name = /Dataset Name:\s+(\S+)/.exec(lines[1] ?? "")?.[1] ?? file;
  const from = lines.findIndex((line) => line.startsWith("Model:"));
  const to = lines.findIndex((line) => /Starting [Vv]alues\s+Certified/.test(line));
  const model = lines.slice(from, to).join(" ");
  const [, left = "", right = ""] = /((?:log\[)?y\]?)\s*=(.*)\+\s*e\s*$/.exec(model.trimEnd()) ?? [];
  const formula = right
    .replace(/\*\*/g, "^")
    .replace(/\[/g, "(")
    .replace(/\]/g, ")")
    .replace(/arctan/g, "atan")
    .replace(/\bpi = .*$/, "")
    .trim();
  const parameters = lines.flatMap((line) => {
    const match = /^\s+(b\d+) =\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)/.exec(line);
    if (match === null) return [];
    const [start1 = 0, start2 = 0, value = 0, deviation = 0] = match.slice(2).map(Number);
    return [{ name: match[1] ?? "", start1, start2, value, deviation }];
  });
  const sumOfSquares = Number(/Residual Sum of Squares:\s+(\S+)/.exec(lines.join("\n"))?.[1]);
  const header = lines.findLastIndex((line) => line.startsWith("Data:"));
  const names = (lines[header] ?? "").replace("Data:", "").trim().split(/\s+/);
  const rows = lines
    .slice(header + 1)
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter((row) => row.length === names.length && row.every(Number.isFinite));
  const column = (i: number) => Float64Array.from(rows, (row) => row[i] ?? Number.NaN);
  return {
    name,
    formula,
    logResponse: left.startsWith("log"),
    parameters,
    sumOfSquares,
    y: column(0),
    columns: new Map(names.slice(1).map((variable, i) => [variable, column(i + 1)])),
  };
}
