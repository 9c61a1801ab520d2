// Every public name has an @example, and the README a script; each is type-checked, run, and held to what its comments
// say it prints.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { random } from "../src/base/random.js";

const root = path.resolve(import.meta.dirname, "..");
const entry = path.join(root, "src/index.ts");
// Inside node_modules, so that the packages an example imports are found.
const folder = path.join(root, "node_modules/.cache", `rinsight-examples-${process.pid}`);

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts"],
  strict: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  noEmit: true,
  types: ["node"],
};

const library = ts.createProgram([entry], OPTIONS);

/** Example code by exported name; undefined where a value has none. Types alone need none. */
function examples(program: ts.Program): ReadonlyMap<string, string | undefined> {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(entry);
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error("src/index.ts must be a module");
  const found = new Map<string, string | undefined>();
  for (const name of checker.getExportsOfModule(module)) {
    const symbol = name.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(name) : name;
    if (!(symbol.flags & ts.SymbolFlags.Value)) continue;
    const tag = symbol.getJsDocTags(checker).find((one) => one.name === "example");
    found.set(name.name, tag && ts.displayPartsToString(tag.text));
  }
  return found;
}

let found: ReadonlyMap<string, string | undefined> = new Map();
const files = () => [...found.keys()].map((name) => path.join(folder, `${name}.mts`));

/** Two schemes, two seeds, seven budgets, noise of .003 nats: the curves.csv of the examples. */
function curves(): string {
  const noise = random("examples");
  const rows = ["baseline", "rins-3"].flatMap((scheme, s) =>
    [0, 1].flatMap((seed) =>
      [1, 2, 4, 8, 16, 32, 64].map((millions) => {
        const loss = 2 - 0.05 * s + 300 * (millions * 1e6) ** -0.4 + 0.003 * noise.normal();
        return `${scheme},${seed},${millions}000000,${loss.toFixed(5)}`;
      }),
    ),
  );
  return `scheme,seed,tokens,loss\n${rows.join("\n")}\n`;
}

beforeAll(() => {
  const readme = /```ts\n(.*?)```/s.exec(readFileSync(path.join(root, "README.md"), "utf8"))?.[1];
  found = new Map([...examples(library), ["README", readme]]);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "curves.csv"), curves());
  for (const [name, code = ""] of found) {
    const here = code.replaceAll('from "rinsight"', `from ${JSON.stringify(entry.replace(/ts$/, "js"))}`);
    writeFileSync(
      path.join(folder, `${name}.mts`),
      `${here}
export {};
`,
    );
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every public value has an example", () => {
  expect(found.size).toBeGreaterThan(15);
  expect([...found].flatMap(([name, code]) => (code === undefined ? [name] : []))).toEqual([]);
});

test("the examples hold under strict type checking", () => {
  const program = ts.createProgram(files(), OPTIONS, undefined, library);
  const problems = files().flatMap((file) => program.getSemanticDiagnostics(program.getSourceFile(file)));
  const said = problems.map(
    ({ file, messageText }) =>
      `${path.basename(file?.fileName ?? "")}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
  );
  expect(said).toEqual([]);
});

test("the examples run and print what they say", () => {
  const tsx = createRequire(import.meta.url).resolve("tsx/cli");
  const driver = path.join(folder, "driver.mts");
  writeFileSync(
    driver,
    `const printed = {};
const log = console.log;
for (const name of ${JSON.stringify([...found.keys()])}) {
  const lines = (printed[name] = []);
  console.log = (...values) => lines.push(values.map((value) => Array.isArray(value) ? JSON.stringify(value).replaceAll(",", ", ") : String(value)).join(" "));
  await import(\`./\${name}.mts\`);
}
log("\\nPRINTED " + JSON.stringify(printed));
`,
  );
  const output = execFileSync(process.execPath, [tsx, driver], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed: Readonly<Record<string, string[]>> = JSON.parse(/^PRINTED (.*)$/m.exec(output)?.[1] ?? "{}");
  for (const [name, code = ""] of found) {
    const said = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1] ?? "");
    expect(
      printed[name]?.filter((line) => said.includes(line)),
      name,
    ).toEqual(said);
  }
});
