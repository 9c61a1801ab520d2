// The options that fit, compare and report share, and the way from them to a law and grouped observations.
import type { Command } from "commander";
import { InputError, shown, type Warning } from "../base/errors.js";
import { withDerived } from "../curve/derive.js";
import { KEPT } from "../curve/exclusion.js";
import { UNITS } from "../curve/names.js";
import type { Observations } from "../curve/observations.js";
import { observe, type Selection } from "../curve/observe.js";
import { type InputFile, type ReadResult, readTable } from "../curve/read/read-table.js";
import { LEAST_REPLICATES } from "../fit/bootstrap-interval.js";
import { DEFAULT_FIT_OPTIONS, type FitOptions, type Loss } from "../fit/record.js";
import { lawByName } from "../law/catalogue.js";
import type { Law } from "../law/law.js";
import { keepApart } from "./apart.js";
import { addLimits } from "./command.js";
import { choice, list, number, positive, share, whole } from "./flags.js";

/** The flags of addDataOptions as commander hands them over. */
export interface DataFlags {
  readonly x?: string;
  readonly y?: string;
  readonly by?: string;
  readonly map?: string;
  readonly derive?: readonly string[];
  readonly where?: string;
  readonly weights?: string;
  readonly pairBy?: string;
  readonly undecayed?: boolean;
  readonly unit?: string;
  readonly bytesPerToken?: string;
  readonly wide?: boolean;
  readonly keepSuperseded?: boolean;
  readonly keepUnfinished?: boolean;
  readonly keepDiverged?: boolean;
  readonly level: string;
  readonly json?: boolean;
  readonly out?: string;
}

export interface AnalysisFlags extends DataFlags {
  readonly law: string;
  readonly loss: string;
  readonly space: string;
  readonly fix?: readonly string[];
  readonly tie?: readonly string[];
  readonly interval: string;
  readonly resample?: string;
  readonly resampleBy?: string;
  readonly bootstrap?: string;
  readonly seed: string;
  readonly heldOut: string;
}

export interface Analysis {
  readonly law: Law;
  /** One a group, sorted by group. */
  readonly groups: readonly Observations[];
  readonly options: FitOptions;
  readonly selection: Selection;
  readonly taken: { readonly x: readonly string[]; readonly y: string; readonly by: readonly string[] };
  readonly read: ReadResult;
  readonly inputs: readonly InputFile[];
  /** Doubts about the data; those about a fit are in the fit. */
  readonly warnings: readonly Warning[];
  /** What was guessed and passed over, in sentences for standard error. */
  readonly notes: readonly string[];
}

/** Collects an option that is given again. */
export const repeated = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** Adds the options that say how the files of an analysis are read. */
export function addReadingOptions(command: Command): Command {
  return addLimits(command)
    .option("--unit <UNIT>", "unit of the loss: nats, bits, bpb or ppl; made nats per token where that is known")
    .option("--bytes-per-token <N>", "mean bytes a token, by which bits per byte become nats per token")
    .option("--wide", "every column that is no counter is a curve of its own")
    .option("--keep-superseded", "keep points that a resumed run left behind")
    .option("--keep-unfinished", "keep runs whose state is crashed, failed, killed or running")
    .option("--keep-diverged", "keep runs that diverged, up to where they did");
}

/** Adds FILE… and every option that says which points there are. */
export function addDataOptions(command: Command): Command {
  return addReadingOptions(command)
    .argument(
      "<FILE...>",
      "tables, run files, what other tools log, and folders of them (each also .gz); - for standard input",
    )
    .option("--y <COL>", "column of the loss, nats per token")
    .option("--by <COL,…>", "columns that tell groups apart, none for one group (default: the scheme column)")
    .option("--map <N=COL,D=COL>", "columns of the variables of a law with several")
    .option("--derive <D=C/(6*N)>", "add a column by a formula; may be given again", repeated)
    .option("--where <EXPR>", "keep rows for which this holds: 'tokens > 1e6 and scheme != \"rao-2\"'")
    .option(
      "--weights <COL>",
      "column of the standard error of each loss; auto: the noise as it is estimated along x (not in allocate)",
    )
    .option("--undecayed", "fit points whose learning rate was not cooled down too")
    .option("--level <LEVEL>", "confidence level of the intervals", ".95")
    .option("--out <FILE>", "write the JSON result to a file too");
}

/** Adds FILE… and every option that decides an analysis. */
export function addAnalysisOptions(command: Command): Command {
  return addDataOptions(command)
    .option("--x <COL>", "column of the law's variable (default: the tokens column)")
    .option("--law <NAME|EXPR>", 'a law by name, or a formula: "E + A/N^alpha + B/D^beta"', "power-law-with-limit")
    .option("--loss <KIND>", "squared, huber:DELTA or absolute", "squared")
    .option("--space <SPACE>", "residuals of log loss (log) or of loss (linear)", "log")
    .option("--fix <NAME=VALUE>", "hold a parameter; may be given again", repeated)
    .option("--tie <NAME=NAME>", "let two parameters share one value; may be given again", repeated)
    .option("--interval <METHOD>", "auto, profile, delta or bootstrap", "auto")
    .option(
      "--resample <WHAT>",
      "what the bootstrap redraws: pairs, wild (residuals times normal numbers) or residual (default: wild)",
    )
    .option("--resample-by <UNIT>", "what it redraws together: point, run or pair (default: read off the data)")
    .option("--bootstrap <N>", "bootstrap replicates (default: 2000 with --interval bootstrap)")
    .option("--seed <SEED>", "seed of everything random", "0")
    .option("--held-out <K>", "points of largest x kept out of each fit to score it", "0");
}

/** For comparisons: replicates are none, or enough for a share. */
export function checkReplicates(command: string, replicates: number): void {
  if (replicates === 0 || replicates >= LEAST_REPLICATES) return;
  throw new InputError(
    `${command} --bootstrap: must be 0 or ${LEAST_REPLICATES} at least, got ${replicates}; give 2000, or 0 to leave P(better) out`,
  );
}

/** Reads the files, finds the law and groups the points. Throws InputError. */
export async function loadAnalysis(files: readonly string[], flags: AnalysisFlags): Promise<Analysis> {
  const selection = selectionOf(flags);
  const options = fitOptionsOf(flags);
  const read = await readTable(files);
  keepApart(
    flags.out,
    read.inputs.map(({ name }) => name),
  );
  const table = withDerived(read.table, selection.derive ?? [], selection.map);
  const law = lawByName(flags.law, [...table.columns.keys()]);
  const { groups, warnings, taken, notes } = observe(read.table, law.variables, selection);
  return {
    law,
    groups,
    options,
    selection,
    taken,
    read,
    inputs: read.inputs,
    warnings,
    notes: [...read.notes, ...notes],
  };
}

/** Which rows and columns the flags ask for. */
export function selectionOf(flags: Omit<DataFlags, "level">): Selection {
  const keep = KEPT.filter(
    (what) =>
      ({ superseded: flags.keepSuperseded, unfinished: flags.keepUnfinished, diverged: flags.keepDiverged })[what],
  );
  return {
    ...(flags.x === undefined ? {} : { x: flags.x }),
    ...(flags.y === undefined ? {} : { y: flags.y }),
    ...(flags.by === undefined ? {} : { by: flags.by === "none" ? [] : list(flags.by) }),
    ...(flags.map === undefined ? {} : { map: Object.fromEntries(list(flags.map).map((text) => pair("--map", text))) }),
    ...(flags.derive === undefined ? {} : { derive: flags.derive }),
    ...(flags.where === undefined ? {} : { where: flags.where }),
    ...(flags.weights === undefined || flags.weights === "auto" ? {} : { weights: flags.weights }),
    ...(flags.pairBy === undefined ? {} : { pairBy: list(flags.pairBy) }),
    ...(flags.undecayed === undefined ? {} : { undecayed: flags.undecayed }),
    ...(flags.unit === undefined ? {} : { unit: choice("--unit", flags.unit, UNITS) }),
    ...(flags.bytesPerToken === undefined ? {} : { bytesPerToken: positive("--bytes-per-token", flags.bytesPerToken) }),
    ...(flags.wide === undefined ? {} : { wide: flags.wide }),
    ...(keep.length === 0 ? {} : { keep }),
  };
}

function fitOptionsOf(flags: AnalysisFlags): FitOptions {
  const interval = choice("--interval", flags.interval, ["auto", "profile", "delta", "bootstrap"] as const);
  const replicates = flags.bootstrap ?? (interval === "bootstrap" ? "2000" : "0");
  return {
    ...DEFAULT_FIT_OPTIONS,
    loss: lossOf(flags.loss),
    space: choice("--space", flags.space, ["log", "linear"] as const),
    weighted: flags.weights === "auto" ? "auto" : flags.weights !== undefined,
    fixed: Object.fromEntries(
      (flags.fix ?? []).map((text) => pair("--fix", text)).map(([name, value]) => [name, number("--fix", value)]),
    ),
    tied: (flags.tie ?? []).map(tieOf),
    interval,
    level: share("--level", flags.level),
    resample:
      flags.resample === undefined
        ? null
        : choice("--resample", flags.resample, ["pairs", "wild", "residual"] as const),
    unit:
      flags.resampleBy === undefined
        ? null
        : choice("--resample-by", flags.resampleBy, ["point", "run", "pair"] as const),
    bootstrap: whole("--bootstrap", replicates, 0, 1e6),
    seed: whole("--seed", flags.seed, 0, Number.MAX_SAFE_INTEGER),
    heldOut: whole("--held-out", flags.heldOut, 0, 1e6),
  };
}

/** --loss as a record. */
export function lossOf(text: string): Loss {
  if (text === "squared" || text === "absolute") return { kind: text };
  const delta = /^huber:(.+)$/.exec(text)?.[1];
  if (delta === undefined)
    throw new InputError(
      `--loss: must be squared, huber:DELTA or absolute, got ${shown(text)}; give for example huber:1e-3`,
    );
  const value = positive("--loss huber", delta);
  return { kind: "huber", delta: value };
}

/** The parts of a list with commas. */
function pair(flag: string, text: string): readonly [string, string] {
  const at = text.indexOf("=");
  const [name, value] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  if (at < 1 || name === "" || value === "")
    throw new InputError(`${flag}: must read NAME=VALUE, got ${shown(text)}; write it so`);
  return [name, value];
}

function tieOf(text: string): readonly [string, string] {
  const [one, other] = pair("--tie", text);
  if (one === other)
    throw new InputError(`--tie: must name two parameters, got ${shown(text)}; write for example alpha=beta`);
  return [one, other];
}
