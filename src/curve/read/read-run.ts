// Run files: lines checked one by one against their schema, then a table with one row a point.
import { z } from "zod";
import { InputError, shown } from "../../base/errors.js";
import { validated } from "../../base/schema.js";
import { RUN_FILE_VERSION, type RunEnd, type RunHeader, type RunPoint } from "../run-file.js";
import { type Table, tableOf } from "../table.js";
import { isRecord, parseJson } from "./json-lines.js";

/** A run as it was written. `end` is null while it is unfinished. */
export interface Run {
  readonly source: string;
  readonly header: RunHeader;
  readonly points: readonly RunPoint[];
  readonly end: RunEnd | null;
}

const finite = z.number();
const positive = z.number().positive();
const headerSchema = z.object({
  kind: z.literal("header"),
  version: z.literal(RUN_FILE_VERSION),
  id: z.string().min(1).max(100),
  scheme: z.object({
    name: z.string().max(10_000),
    label: z.string().max(10_000),
    signature: z.string().max(10_000),
    skipProbability: z.number().min(0).lt(1).nullable(),
    adapters: z.boolean(),
  }),
  configuration: z.record(z.string(), z.unknown()),
  parameters: z.object({ total: positive, byGroup: z.record(z.string(), finite) }),
  flopsPerToken: positive,
  costFactor: positive,
  corpus: z.object({ hash: z.string(), tokenizerHash: z.string(), name: z.string() }),
  seed: z.number().int(),
  provenance: z.object({ rinsight: z.string(), backend: z.string(), device: z.string().exactOptional() }),
});
const share = z.number().min(0).max(1);
const accuracySchema = {
  accuracy: share.optional(),
  accuracyInterval: z.tuple([share, share]).optional(),
  accuracyTop5: share.optional(),
  accuracyUnseenHand: share.optional(),
};
const pointSchema = z.object({
  kind: z.literal("point"),
  step: z.number().int().nonnegative(),
  tokens: positive,
  flops: positive,
  loss: finite,
  lossStandardError: finite.nonnegative(),
  ...accuracySchema,
  trainLoss: finite,
  learningRate: finite.nonnegative(),
  decayed: z.boolean(),
  horizonTokens: positive.nullable(),
  lossByRounds: z.array(
    z.object({
      rounds: z.number().int().positive(),
      loss: finite,
      lossStandardError: finite,
      ...accuracySchema,
      inferenceFlopsPerToken: positive,
    }),
  ),
});
const endSchema = z.object({
  kind: z.literal("end"),
  status: z.enum(["complete", "diverged"]),
  points: z.number().int().nonnegative(),
  reason: z.string().max(10_000).nullable(),
});

/** True for a text whose first line is the header of a run file. */
export function isRunFile(text: string): boolean {
  return /^\ufeff?\s*\{[^\n]*"kind"\s*:\s*"(header|point|end)"/.test(text);
}

const REMEDY = "train the run again or mend the line";

/**
 * The text of a run file, checked. A last line that was torn by a kill is an error, or dropped with `live`,
 * for runs that are being written. Throws InputError with the line.
 */
export function parseRun(source: string, text: string, live = false): Run {
  let header: RunHeader | null = null;
  let end: RunEnd | null = null;
  const points: RunPoint[] = [];
  let [trunk, branch] = [0, 0];
  const lines = text.replace(/^\ufeff/, "").split("\n");
  lines.forEach((content, index) => {
    if (content.trim() === "") return;
    const where = `${source} line ${index + 1}`;
    const torn = index === lines.length - 1;
    if (torn && live) return;
    let value: unknown;
    try {
      value = parseJson(content, where);
    } catch (error) {
      if (!torn) throw error;
      throw new InputError(
        `${where}: must be a whole JSON line, got ${shown(content)}; the run was cut off while writing: resume it, or remove the line`,
      );
    }
    const kind = isRecord(value) ? value.kind : undefined;
    if (end !== null)
      throw new InputError(
        `${where}: nothing may follow the end line, got ${shown(String(kind))}; remove what follows it`,
      );
    if (header === null) {
      if (kind !== "header")
        throw new InputError(
          `${where}: first line must be the header, got ${shown(String(kind))}; train the run again`,
        );
      if (isRecord(value) && value.version !== RUN_FILE_VERSION) {
        throw new InputError(
          `${where}: version must be ${RUN_FILE_VERSION}, got ${shown(value.version ?? "none")}; read it with the Rinsight that wrote it`,
        );
      }
      header = validated(headerSchema, value, where, REMEDY);
    } else if (kind === "header") {
      throw new InputError(`${where}: a run file must have one header, got a second; split the file into one a run`);
    } else if (kind === "point") {
      const point = validated(pointSchema, value, where, REMEDY);
      // The trunk and its decayed branches each go forward; a branch ends later than the trunk's next point.
      const last = point.decayed ? branch : trunk;
      if (point.tokens <= last)
        throw new InputError(
          `${where}: tokens must increase, got ${point.tokens} after ${last}; remove the repeated point`,
        );
      if (point.decayed) branch = point.tokens;
      else trunk = point.tokens;
      points.push(point);
    } else if (kind === "end") {
      end = validated(endSchema, value, where, REMEDY);
      if (end.points !== points.length) {
        throw new InputError(
          `${where}: points must be the number of points above, got ${end.points} for ${points.length}; lines are missing: train the run again`,
        );
      }
    } else {
      throw new InputError(
        `${where}: kind must be header, point or end, got ${shown(String(kind))}; mend or remove the line`,
      );
    }
  });
  if (header === null)
    throw new InputError(`${source}: run file must have a header, got an empty file; train the run again`);
  return { source, header, points, end };
}

/** Of runs on pictures; the error rate is what a law with a floor is fitted to. */
const accuracyColumns = ({ accuracy, accuracyTop5, accuracyUnseenHand }: RunPoint) => ({
  accuracy: accuracy ?? null,
  errorRate: accuracy === undefined ? null : 1 - accuracy,
  accuracyTop5: accuracyTop5 ?? null,
  accuracyUnseenHand: accuracyUnseenHand ?? null,
});

/**
 * Runs as one table, one row a point. `scheme` is the label, `horizon` numbers the decayed points of a run from 1
 * (the key that pairs compute-matched runs), `status` is complete, diverged or unfinished.
 */
export function runsTable(runs: readonly Run[]): Table {
  const places: string[] = [];
  const scored = runs.some(({ points }) => points.some(({ accuracy }) => accuracy !== undefined));
  const records = runs.flatMap(({ source, header, points, end }) => {
    let horizon = 0;
    return points.map((point, i) => {
      places.push(`${source} line ${i + 2}`);
      if (point.decayed) horizon++;
      return {
        run: header.id,
        scheme: header.scheme.label,
        schemeName: header.scheme.name,
        signature: header.scheme.signature,
        seed: header.seed,
        parameters: header.parameters.total,
        costFactor: header.costFactor,
        flopsPerToken: header.flopsPerToken,
        step: point.step,
        tokens: point.tokens,
        flops: point.flops,
        loss: point.loss,
        lossStandardError: point.lossStandardError,
        ...(scored ? accuracyColumns(point) : {}),
        trainLoss: point.trainLoss,
        learningRate: point.learningRate,
        decayed: point.decayed ? 1 : 0,
        horizon: point.decayed ? horizon : null,
        horizonTokens: point.horizonTokens,
        status: end?.status ?? "unfinished",
      };
    });
  });
  const source = runs.length === 1 ? (runs[0]?.source ?? "run") : `${runs.length} runs`;
  return { ...tableOf(source, records), place: (row) => places[row] ?? source };
}
