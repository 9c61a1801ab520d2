// Every system call with which a command changes files is failed in turn: refused, made by half, or the process killed at
// it. After each fault: one line and no stack; then the same command once more, which must end in the bytes of an
// undisturbed one, and leave nothing else behind. From a state of the files that a restart has already brought to its
// end it is not started once more.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { sha256 } from "../../../src/base/json.js";
import { writeTexts } from "../../train/tiny.js";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const CLI = path.join(ROOT, "dist/cli.js");
const CURVES = path.join(ROOT, "notebooks/curves.csv");

/** Killed before, by half or after; ENOSPC, EIO, EACCES; a short write, which is no error. */
export const KINDS = ["kill", "28", "half", "5", "short", "13"] as const;
export type Kind = (typeof KINDS)[number];

interface Scenario {
  readonly name: string;
  /** Lays down what is there before; what it changes is not counted. */
  readonly prepare: (folder: string) => void;
  readonly argv: readonly string[];
  /** Files that differ between two undisturbed runs: wall times. */
  readonly loose: RegExp | null;
}

const SHAPE = ["--width", "8", "--layers", "2", "--heads", "2", "--context", "16", "--batch", "2"];
const SCHEDULE = [
  "--threads",
  "1",
  "--warmup",
  "2",
  "--timescale",
  "20",
  "--validation-windows",
  "4",
  "--backend",
  "wasm",
];
const PLAN = {
  name: "tiny",
  shape: { width: 8, layers: 2, heads: 2, context: 16, vocabulary: 256 },
  batch: 2,
  corpus: { path: "texts", tokenizer: "byte" },
  schemes: ["baseline"],
  flops: [3e6, 6e6],
  seeds: [1, 2],
  schedule: { warmupSteps: 3, timescale: 20 },
  validation: { windows: 4, pointsPerOctave: 1 },
};

const cli = (folder: string, ...argv: string[]) =>
  execFileSync(process.execPath, [CLI, ...argv], { cwd: folder, stdio: "pipe" });

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "train",
    prepare: (folder) => void writeTexts(folder, 12),
    argv: [
      CLI,
      "train",
      "--corpus",
      "texts",
      "--tokenizer",
      "byte",
      "--horizons",
      "96,160,256",
      "--out",
      "runs",
      ...SHAPE,
      ...SCHEDULE,
    ],
    loose: /\.times\.jsonl$/,
  },
  {
    name: "sweep",
    prepare: (folder) => {
      writeTexts(folder, 12);
      writeFileSync(path.join(folder, "plan.json"), JSON.stringify(PLAN));
    },
    argv: [CLI, "sweep", "plan.json", "--workers", "1", "--threads", "1", "--out", "runs"],
    loose: /\.times\.jsonl$/,
  },
  {
    name: "report",
    prepare: (folder) =>
      void execFileSync(process.execPath, [
        path.join(import.meta.dirname, "write-report.js"),
        path.join(folder, "report"),
        "old",
      ]),
    argv: [path.join(import.meta.dirname, "write-report.js"), "report", "new"],
    loose: null,
  },
  {
    name: "report-command",
    prepare: (folder) => {
      // One curve of four points: what is attacked is the writing, and each of its calls costs twelve processes.
      const rows = [1e6, 2e6, 4e6, 8e6].map((tokens) => `${tokens},${2 + 60 * tokens ** -0.3}`);
      writeFileSync(path.join(folder, "curves.csv"), `tokens,loss\n${rows.join("\n")}\n`);
      cli(folder, "report", "curves.csv", "--bootstrap", "0", "--title", "old", "--out", "report");
    },
    argv: [CLI, "report", "curves.csv", "--bootstrap", "0", "--title", "new", "--out", "report"],
    loose: null,
  },
  {
    name: "bundle",
    prepare: (folder) => {
      cpSync(CURVES, path.join(folder, "curves.csv"));
      cli(folder, "report", "curves.csv", "--bootstrap", "0", "--out", "report");
    },
    argv: [CLI, "bundle", "report", "--out", "report.tar.gz"],
    loose: null,
  },
  {
    name: "import",
    prepare: () => {},
    argv: [CLI, "import", CURVES, "--run", "scheme,seed", "--out", "there/curves.jsonl"],
    loose: null,
  },
  { name: "fit", prepare: () => {}, argv: [CLI, "fit", CURVES, "--out", "fits.json"], loose: null },
  {
    name: "forecast",
    prepare: () => {},
    argv: [CLI, "forecast", CURVES, "--law", "power-law", "--charts", "charts", "--out", "forecast.json"],
    loose: null,
  },
  {
    name: "fractal",
    prepare: (folder) => {
      const surprisals = Array.from({ length: 400 }, (_, i) => 2 + Math.sin(i) + Math.sin(i / 31));
      const lines = ["a", "b"].map((document) => JSON.stringify({ document, group: "g", surprisals }));
      writeFileSync(path.join(folder, "surprisals.jsonl"), `${lines.join("\n")}\n`);
    },
    argv: [CLI, "fractal", "surprisals.jsonl", "--no-control", "--out", "page"],
    loose: null,
  },
];

interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

export interface Fault {
  readonly at: number;
  readonly kind: Kind;
}

/** Compiles the shim; null where there is no compiler, or no Linux. */
export function compileShim(folder: string): string | null {
  const shim = path.join(folder, "shim.so");
  const { status } = spawnSync("cc", [
    "-shared",
    "-fPIC",
    "-O1",
    "-o",
    shim,
    path.join(import.meta.dirname, "shim.c"),
    "-ldl",
  ]);
  return process.platform === "linux" && status === 0 ? shim : null;
}

/** A scenario ready to be disturbed: `calls` is what an undisturbed run makes of changing calls, by number from 1. */
export function disturbable(scenario: Scenario, shim: string, home: string) {
  const start = path.join(home, `${scenario.name}-start`);
  mkdirSync(start, { recursive: true });
  scenario.prepare(start);
  const fresh = (name: string): string => {
    const folder = path.join(home, `${scenario.name}-${name}`);
    rmSync(folder, { recursive: true, force: true });
    cpSync(start, folder, { recursive: true, preserveTimestamps: true });
    return folder;
  };
  const run = (folder: string, fault: Fault | null, log?: string): Ended => {
    const counter = path.join(home, `${scenario.name}-counter`);
    writeFileSync(counter, Buffer.alloc(4));
    const { status, signal, stderr, error } = spawnSync(process.execPath, scenario.argv, {
      cwd: folder,
      encoding: "utf8",
      timeout: 600_000,
      env: {
        ...process.env,
        LD_PRELOAD: shim,
        FAULT_FOLDER: `${folder}/`,
        FAULT_COUNTER: counter,
        FAULT_AT: String(fault?.at ?? 0),
        FAULT_KIND: fault?.kind ?? "",
        ...(log === undefined ? {} : { FAULT_LOG: log }),
      },
    });
    // Ten minutes for a second's work: the machine is at fault, or nothing goes on.
    if (error !== undefined) throw error;
    return { status, signal, stderr };
  };
  /** What lies in a folder, a line a file. */
  const whole = (folder: string, content: (file: string) => string): string =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .map((entry) => ({ file: path.join(entry.parentPath, entry.name), plain: entry.isFile() }))
      .filter(({ file }) => !file.startsWith(path.join(folder, "texts")))
      .map(({ file, plain }) => {
        // A prepared corpus is named after the times of its texts, which every copy has anew.
        const name = path.relative(folder, file).replace(/(?<=corpus.)[0-9a-f]{16}(?=\.json)/, "key");
        return `${name} ${plain ? content(file) : "there"}`;
      })
      .sort()
      .join("\n");
  const loose = (file: string): boolean => scenario.loose?.test(file) === true;
  const bytes = (file: string): string => (loose(file) ? "there" : sha256(readFileSync(file)));
  /** What a restart goes by: all but times, and the numbers of the process that wrote, which is dead. */
  const state = (folder: string): string =>
    whole(folder, (file) =>
      loose(file) || file.includes(".lock") ? readFileSync(file, "utf8").replace(/[\d.]+/g, "#") : bytes(file),
    ).replace(/[0-9a-f]{8}-\d+-\d+(?=\.tmp )/g, "writer");

  const log = path.join(home, `${scenario.name}.log`);
  const undisturbed = fresh("whole");
  const first = run(undisturbed, null, log);
  if (first.status !== 0) throw new Error(`${scenario.name} fails undisturbed: ${first.stderr}`);
  const expected = whole(undisturbed, bytes);
  const calls = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [];

  const survived = new Set<string>();
  /** What is wrong after a fault; null where all is as promised. */
  const outcome = (fault: Fault): string | null => {
    const folder = fresh("disturbed");
    const disturbed = run(folder, fault);
    const call = calls[fault.at - 1] ?? "";
    const said = (what: string, ended: Ended) =>
      `${scenario.name} ${fault.kind} at ${call}: ${what}\nexit ${ended.status} ${ended.signal}\n${ended.stderr}`;
    if (/^\s+at |node:internal/m.test(disturbed.stderr)) return said("a stack", disturbed);
    const killed = fault.kind === "kill" || fault.kind === "half";
    if (fault.kind === "short" && disturbed.status !== 0) return said("a short write is no error", disturbed);
    if (!killed && disturbed.status !== 0 && !/[^\n]+; [^\n]+\n$/.test(disturbed.stderr))
      return said("no remedy", disturbed);
    const reached = state(folder);
    if (survived.has(reached)) return null;
    const again = run(folder, null);
    if (again.status !== 0) return said("does not go on", again);
    const found = whole(folder, bytes);
    if (found !== expected) return said(`other files:\n${difference(expected, found)}`, again);
    survived.add(reached);
    return null;
  };
  return { calls, outcome };
}

function difference(expected: string, found: string): string {
  const [before, after] = [expected.split("\n"), found.split("\n")];
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ].join("\n");
}
