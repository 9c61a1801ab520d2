// Which pieces of memory may share a buffer: those that live within a step at different times.
import type { Dispatch, Piece } from "./tape.js";

export interface Placement {
  /** Bytes of each buffer. */
  readonly buffers: readonly number[];
  /** Buffer of each passing piece, by its id. */
  readonly bufferOf: ReadonlyMap<number, number>;
}

/**
 * A buffer for every passing piece of a step: one that no later kernel needs any more, of exactly its size, or a new
 * one. `kept` are still whole when the step has run.
 */
export function place(dispatches: readonly Dispatch[], kept: readonly Piece[]): Placement {
  const lastUse = new Map<number, number>();
  dispatches.forEach(({ pieces }, i) => {
    for (const piece of pieces) if (piece.kind === "passing") lastUse.set(piece.id, i);
  });
  for (const piece of kept) if (piece.kind === "passing") lastUse.set(piece.id, Number.POSITIVE_INFINITY);
  const buffers: number[] = [];
  const bufferOf = new Map<number, number>();
  const free = new Map<number, number[]>();
  dispatches.forEach(({ pieces }, i) => {
    for (const piece of pieces) {
      if (piece.kind === "lasting" || bufferOf.has(piece.id)) continue;
      const reused = free.get(piece.bytes)?.pop();
      bufferOf.set(piece.id, reused ?? buffers.push(piece.bytes) - 1);
    }
    const ended = new Set<number>();
    for (const piece of pieces) {
      if (piece.kind === "lasting" || lastUse.get(piece.id) !== i || ended.has(piece.id)) continue;
      ended.add(piece.id);
      const buffer = bufferOf.get(piece.id);
      if (buffer !== undefined) free.set(piece.bytes, [...(free.get(piece.bytes) ?? []), buffer]);
    }
  });
  return { buffers, bufferOf };
}
