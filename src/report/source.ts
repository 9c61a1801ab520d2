// From run files to what a report is made of: schemes in order, points flat and tagged with why they are kept out.
import type { RunEnd, RunHeader, RunPoint } from "../curve/run-file.js";
import { labels } from "./escape.js";
import type { InputFile, ReportPoint, ReportSource, RoundsPoint, SchemeFacts } from "./record.js";

/** A run as read from its file. */
export interface Run {
  readonly file: InputFile;
  readonly header: RunHeader;
  readonly points: readonly RunPoint[];
  /** Null where the run is unfinished. */
  readonly end: RunEnd | null;
}

/** What the runs hold, in an order that does not depend on that of the files: cheapest scheme first, then by name. */
export function sourceFromRuns(runs: readonly Run[]): ReportSource {
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const sorted = [...runs].sort(
    (a, b) =>
      a.header.costFactor - b.header.costFactor ||
      compare(a.header.scheme.name, b.header.scheme.name) ||
      a.header.seed - b.header.seed ||
      compare(a.header.id, b.header.id),
  );
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
    inputs: [...runs].map((run) => run.file).sort((a, b) => compare(a.name, b.name)),
    schemes,
    points: sorted.flatMap(pointsOf),
    rounds: sorted.flatMap(roundsOf),
    excludedRuns: sorted.flatMap((run) => {
      const reason = runReason(run);
      return reason === null ? [] : [{ run: run.header.id, scheme: run.header.scheme.name, reason }];
    }),
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
