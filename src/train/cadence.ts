// A run's checkpoints as it goes: the one it starts from, and when the next is due.
import { existsSync } from "node:fs";
import type { RunHeader } from "../curve/run-file.js";
import { type Checkpoint, previousOf, readCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { vouchesFor } from "./run-writer.js";

export interface Cadence {
  save(checkpoint: Checkpoint): void;
  /** True once `seconds` have gone since the last one was written. */
  isDue(): boolean;
}

/** Checkpoints of one run in `file`, `seconds` apart. */
export function checkpointCadence(file: string, seconds: number): Cadence {
  let saved = performance.now();
  return {
    save: (checkpoint) => {
      writeCheckpoint(file, checkpoint);
      saved = performance.now();
    },
    isDue: () => performance.now() - saved > 1000 * seconds,
  };
}

/** The newest checkpoint that is whole and goes with the run file as it stands. */
export function findCheckpoint(
  checkpointFile: string,
  id: string,
  file: string,
  header: RunHeader,
  say: (message: string) => void,
): Checkpoint | null {
  for (const candidate of [checkpointFile, previousOf(checkpointFile)]) {
    const checkpoint = readCheckpoint(candidate);
    if (checkpoint === "missing") continue;
    const next =
      candidate === checkpointFile && existsSync(previousOf(checkpointFile)) ? "; taking the one before it" : "";
    if (checkpoint === "damaged") say(`checkpoint ${candidate} is damaged (checksum)${next}`);
    else if (checkpoint.run === id && vouchesFor(checkpoint.written, file, header)) return checkpoint;
    else say(`checkpoint ${candidate} does not go with ${file}${next}`);
  }
  if (existsSync(file)) say(`run ${id} has no usable checkpoint; it starts again, and ends in the same bytes`);
  return null;
}
