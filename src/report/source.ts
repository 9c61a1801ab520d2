// From run files to what a report is made of: schemes in order, points flat and tagged with why they are kept out.
import { InputError } from "../base/errors.js";
import { guessColumn } from "../curve/columns.js";
import type { Observations } from "../curve/observations.js";
import { observe, type Selection } from "../curve/observe.js";
import type { Run } from "../curve/read/read-run.js";
import { readTable } from "../curve/read/read-table.js";
import { baseName } from "../curve/read/source.js";
import type { RunHeader } from "../curve/run-file.js";
import { thinned } from "../curve/thin.js";
import { labels } from "./escape.js";
import type { InputFile, ReportPoint, ReportSource, RoundsPoint, SchemeFacts, Variable } from "./record.js";

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
/** "A^2 B" before "A^10 B". */
const natural = new Intl.Collator("en", { numeric: true });

/** What chooses among the rows of a table and has no meaning for runs. */
const TABLES_ALONE = ["where", "derive", "weights", "undecayed"] as const;

/** From so many sizes of one family on, what is asked is where to put the compute. */
const LEAST_SIZES = 3;

export interface ReadSource {
  readonly source: ReportSource;
  /** What was guessed and passed over, in sentences. */
  readonly notes: readonly string[];
}

/**
 * Reads run files, folders of them, or tables with columns chosen by `selection`. Inputs are named without folders.
 * Throws InputError with file, line and remedy.
 *
 * @example
 * import { readSource } from "rinsight";
 *
 * const { source, notes } = await readSource(["curves.csv"], { by: ["scheme"] });
 * console.log(source.points.length, notes.length > 0); // 28 true
 */
export async function readSource(files: readonly string[], selection: Selection = {}): Promise<ReadSource> {
  const read = await readTable(files);
  const inputs = read.inputs
    .map(({ name, sha256 }) => ({ name: baseName(name), sha256 }))
    .sort((a, b) => compare(a.name, b.name) || compare(a.sha256, b.sha256));
  if (read.runs.length === inputs.length) {
    const given = TABLES_ALONE.find((name) => selection[name] !== undefined);
    if (given !== undefined) {
      throw new InputError(
        `report: --${given} must be left out with run files, which say themselves what a point is, got it with ${inputs.length} of them; leave it out, or give a table`,
      );
    }
    return { source: sourceFromRuns(read.runs, inputs), notes: read.notes };
  }
  if (read.runs.length > 0) {
    throw new InputError(
      `report: inputs must be run files alone or tables alone, got ${read.runs.length} run files among ${inputs.length}; make a report of each kind`,
    );
  }
  const columns = read.table.columns;
  const variable = ["tokens", "flops"].find((name) => name === selection.x || columns.has(name)) ?? "tokens";
  const { groups: observed, taken, notes, warnings } = observe(read.table, [variable], selection);
  const { groups, left, notes: thinning } = thinned(observed);
  const x = taken.x[0] ?? variable;
  const sizes = guessColumn(read.table, "parameters");
  const column = sizes === null ? undefined : columns.get(sizes);
  const several = column?.kind === "number" && new Set(column.values).size >= LEAST_SIZES && groups.length === 1;
  const hint = several ? [`column ${sizes} holds several sizes: --law chinchilla makes a report on L(N, D)`] : [];
  const source = sourceFromGroups(groups, /flop|compute/i.test(x) ? "flops" : "tokens", inputs);
  return {
    source: { ...source, leftOut: [...source.leftOut, ...Array<string>(left).fill("thinned out")] },
    notes: [
      ...read.notes,
      ...notes,
      ...thinning,
      ...hint,
      ...warnings.map(({ code, message }) => `${code}: ${message}`),
    ],
  };
}

/** Curves of anybody's, grouped: what is not known of a scheme stays null and prints as "–". */
export function sourceFromGroups(
  groups: readonly Observations[],
  variable: Variable,
  inputs: readonly InputFile[],
): ReportSource {
  const nameOf = (group: Observations) => Object.values(group.group).join(", ") || "all points";
  const ordered = [...groups].sort((one, other) => natural.compare(nameOf(one), nameOf(other)));
  const names = ordered.map(nameOf);
  const shown = labels(names);
  return {
    inputs,
    schemes: names.map((name, order) => ({
      name,
      label: shown[order] ?? name,
      signature: null,
      parameters: null,
      flopsPerToken: null,
      costFactor: null,
    })),
    points: ordered.flatMap((group, order) =>
      Array.from(group.loss, (loss, i): ReportPoint => {
        const x = group.x[0]?.[i] ?? null;
        return {
          scheme: names[order] ?? "",
          run: group.run?.[i] ?? null,
          seed: null,
          tokens: variable === "tokens" ? x : null,
          flops: variable === "flops" ? x : null,
          loss,
          standardError: group.standardError?.[i] ?? null,
          learningRate: null,
          decayed: group.decayed?.[i] ?? null,
          horizonTokens: null,
          pair: group.pair?.[i] ?? null,
          excluded: null,
        };
      }),
    ),
    rounds: [],
    excludedRuns: [],
    leftOut: groups.flatMap(({ excluded }) => excluded.map(({ code }) => code)),
    provenance: {},
  };
}

/** Cheapest scheme first, then by name, seed and id: gives schemes their order, and so their colours, everywhere. */
export function byCost(a: RunHeader, b: RunHeader): number {
  return (
    a.costFactor - b.costFactor ||
    natural.compare(a.scheme.name, b.scheme.name) ||
    a.seed - b.seed ||
    compare(a.id, b.id)
  );
}

/** What the runs hold, in an order that does not depend on that of the files: cheapest scheme first, then by name. */
export function sourceFromRuns(runs: readonly Run[], inputs: readonly InputFile[]): ReportSource {
  const sorted = [...runs].sort((a, b) => byCost(a.header, b.header));
  const first = new Map<string, RunHeader>();
  for (const { header } of sorted) if (!first.has(header.scheme.name)) first.set(header.scheme.name, header);
  const headers = [...first.values()];
  const shown = labels(headers.map((header) => header.scheme.label));
  const schemes = headers.map(
    (header, order): SchemeFacts => ({
      name: header.scheme.name,
      label: shown[order] ?? header.scheme.name,
      signature: header.scheme.signature,
      parameters: header.parameters.total,
      flopsPerToken: header.flopsPerToken,
      costFactor: header.costFactor,
    }),
  );
  const values = (of: (header: RunHeader) => string) => [...new Set(sorted.map((run) => of(run.header)))].sort(compare);
  return {
    inputs: inputs,
    schemes,
    points: sorted.flatMap(pointsOf),
    rounds: sorted.flatMap(roundsOf),
    excludedRuns: sorted.flatMap((run) => {
      const reason = runReason(run);
      return reason === null ? [] : [{ run: run.header.id, scheme: run.header.scheme.name, reason }];
    }),
    leftOut: [],
    provenance: {
      corpus: values((header) => `${header.corpus.name} ${header.corpus.hash}`),
      tokenizer: values((header) => header.corpus.tokenizerHash),
      rinsight: values((header) => header.provenance.rinsight),
      backend: values((header) => header.provenance.backend),
    },
  };
}

function runReason(run: Run): string | null {
  if (run.end === null) return "unfinished";
  return run.end.status === "diverged" ? "diverged" : null;
}

function pointsOf(run: Run): ReportPoint[] {
  const whole = runReason(run);
  return run.points.map((point) => ({
    scheme: run.header.scheme.name,
    run: run.header.id,
    seed: run.header.seed,
    tokens: point.tokens,
    flops: point.flops,
    loss: point.loss,
    standardError: point.lossStandardError,
    learningRate: point.learningRate,
    decayed: point.decayed,
    horizonTokens: point.horizonTokens,
    pair: null,
    excluded: whole ?? (point.decayed ? null : "undecayed"),
  }));
}

function roundsOf(run: Run): RoundsPoint[] {
  if (runReason(run) !== null) return [];
  return run.points.flatMap((point) =>
    point.lossByRounds.map((one) => ({
      scheme: run.header.scheme.name,
      run: run.header.id,
      seed: run.header.seed,
      tokens: point.tokens,
      rounds: one.rounds,
      loss: one.loss,
      inferenceFlopsPerToken: one.inferenceFlopsPerToken,
    })),
  );
}
