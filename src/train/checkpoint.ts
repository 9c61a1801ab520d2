// A run's state on disk: [length of the description][description, JSON][tensors, float32][SHA-256 of all before].
// Written to a temporary file, synced and renamed; the one before is kept, for the day the newest turns out damaged.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { endianness } from "node:os";
import path from "node:path";
import { onDisk, syncFolder, writeAtomically } from "../base/write.js";
import type { ModelState } from "./learner.js";
import type { Decays } from "./optimizer.js";
import type { Weights } from "./parameters.js";

/** Where a run stands on its trunk or on a branch. */
export interface Progress {
  /** Index into the run's segments. */
  readonly segment: number;
  /** Steps done on this path. */
  readonly step: number;
  /** Training FLOPs spent on this path. */
  readonly flops: number;
  /** Training loss since the last point: sum and number of steps. */
  readonly lossSum: number;
  readonly lossSteps: number;
  readonly model: ModelState;
}

export interface Checkpoint {
  readonly run: string;
  readonly current: Progress;
  /** The trunk, waiting for a branch to end; null on the trunk. */
  readonly parked: Progress | null;
  /** The run file as it was: a checkpoint goes with these very bytes. */
  readonly written: Written;
}

export interface Written {
  readonly points: number;
  readonly bytes: number;
  readonly sha256: string;
}

type Path = Omit<Progress, "model"> & { readonly decays: Decays };
interface Description extends Omit<Checkpoint, "current" | "parked"> {
  readonly current: Path;
  readonly parked: Path | null;
  readonly tensors: readonly { readonly name: string; readonly length: number }[];
}

const LENGTH_BYTES = 4;
const HASH_BYTES = 32;

/** What to do where a disk refuses in the middle of a run. */
export const RESUME = "mend the folder, then start again: the run goes on from its last checkpoint";

export const previousOf = (file: string): string => `${file}.previous`;

/** Writes `checkpoint`, moving the one that was there to `file`.previous. */
export function writeCheckpoint(file: string, checkpoint: Checkpoint): void {
  const content = encode(checkpoint);
  // Between the two renames there is no `file`; a reader then takes the one before.
  writeAtomically(`${file}.next`, content, RESUME);
  onDisk(
    file,
    () => {
      if (existsSync(file)) renameSync(file, previousOf(file));
      renameSync(`${file}.next`, file);
      syncFolder(path.dirname(file));
    },
    RESUME,
  );
}

/** The checkpoint in `file`; "missing", or "damaged" when its checksum does not hold. */
export function readCheckpoint(file: string): Checkpoint | "missing" | "damaged" {
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined) return "missing";
  if (!status.isFile()) return "damaged";
  const content = readFileSync(file);
  const body = content.subarray(0, Math.max(0, content.length - HASH_BYTES));
  if (content.length < LENGTH_BYTES + HASH_BYTES) return "damaged";
  if (!createHash("sha256").update(body).digest().equals(content.subarray(body.length))) return "damaged";
  return decode(body);
}

/** Removes the temporary files that a killed process left; with `all`, the checkpoints too. Hold the run's lock. */
export function tidyCheckpoints(file: string, all = false): void {
  const folder = path.dirname(file);
  const beginning = all ? path.basename(file) : `${path.basename(file)}.next`;
  for (const name of onDisk(folder, () => readdirSync(folder))) {
    const left = path.join(folder, name);
    if (name.startsWith(beginning)) onDisk(left, () => rmSync(left, { force: true }), RESUME);
  }
}

function encode({ current, parked, ...rest }: Checkpoint): Buffer {
  const tensors = [...tensorsOf("current", current), ...(parked === null ? [] : tensorsOf("parked", parked))];
  const description: Description = {
    ...rest,
    current: pathOf(current),
    parked: parked === null ? null : pathOf(parked),
    tensors: tensors.map(([name, values]) => ({ name, length: values.length })),
  };
  const text = Buffer.from(JSON.stringify(description));
  // Padded so that the floats start on a multiple of four.
  const padded = Buffer.concat([text, Buffer.alloc((4 - (text.length % 4)) % 4, " ")]);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(padded.length);
  const body = Buffer.concat([
    length,
    padded,
    ...tensors.map(([, values]) => littleEndian(Buffer.from(values.buffer, values.byteOffset, values.byteLength))),
  ]);
  return Buffer.concat([body, createHash("sha256").update(body).digest()]);
}

function decode(body: Buffer): Checkpoint {
  const length = body.readUInt32LE(0);
  const { tensors, current, parked, ...rest }: Description = JSON.parse(
    body.toString("utf8", LENGTH_BYTES, LENGTH_BYTES + length),
  );
  const values = new Map<string, Float32Array>();
  let offset = LENGTH_BYTES + length;
  for (const { name, length: numbers } of tensors) {
    const bytes = littleEndian(Buffer.from(body.subarray(offset, offset + 4 * numbers)));
    values.set(name, new Float32Array(Uint8Array.from(bytes).buffer));
    offset += 4 * numbers;
  }
  const progress = (label: string, { decays, ...path }: Path): Progress => {
    const group = (kind: string): Weights =>
      Object.fromEntries(
        [...values].flatMap(([name, array]) =>
          name.startsWith(`${label}/${kind}/`) ? [[name.slice(label.length + kind.length + 2), array]] : [],
        ),
      );
    return {
      ...path,
      model: { weights: group("weights"), optimizer: { first: group("first"), second: group("second"), decays } },
    };
  };
  return {
    ...rest,
    current: progress("current", current),
    parked: parked === null ? null : progress("parked", parked),
  };
}

const pathOf = ({ model, ...path }: Progress): Path => ({ ...path, decays: model.optimizer.decays });

function tensorsOf(label: string, { model }: Progress): [string, Float32Array][] {
  return Object.entries({
    weights: model.weights,
    first: model.optimizer.first,
    second: model.optimizer.second,
  }).flatMap(([kind, group]) =>
    Object.entries(group).map(([name, values]): [string, Float32Array] => [`${label}/${kind}/${name}`, values]),
  );
}

const littleEndian = (bytes: Buffer): Buffer => (endianness() === "LE" ? bytes : Buffer.from(bytes).swap32());
