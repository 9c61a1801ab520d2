// A step written down before it runs: which kernels, in which order, on which pieces of memory. Operations put their
// kernels on the tape and remember how to take their gradients; nothing is computed and no device is needed yet.
import { BYTES, type Kernel, type Storage } from "./kernel.js";

/** A piece of memory that a kernel reads or writes: one that lives within the step, or a named one that outlives it. */
export type Piece =
  | { readonly kind: "passing"; readonly id: number; readonly bytes: number }
  | { readonly kind: "lasting"; readonly name: string; readonly offset: number; readonly bytes: number };

export interface Dispatch {
  readonly kernel: Kernel;
  /** By binding. */
  readonly pieces: readonly Piece[];
}

/** A matrix [rows, columns], or a vector as one of one row, while the tape is written. */
export interface Value {
  readonly piece: Piece;
  readonly rows: number;
  readonly columns: number;
  readonly storage: Storage;
  /** Where its gradient goes: nowhere, into a lasting piece that is added to, or into whatever its uses bring. */
  readonly gradient:
    | { readonly kind: "none" }
    | { readonly kind: "added"; readonly to: Piece }
    | { readonly kind: "passed"; piece: Piece | null };
}

export interface Tape {
  passing(numbers: number, storage?: Storage): Piece;
  dispatch(kernel: Kernel, ...pieces: Piece[]): void;
  /** A value computed from `inputs`; it has a gradient if one of them has. */
  value(piece: Piece, rows: number, columns: number, inputs: readonly Value[], storage?: Storage): Value;
  /** What `backward` does on the way back, given the gradient of `of`; not called when nothing asks for it. */
  onReturn(of: Value, take: (gradient: Piece) => void): void;
  /** Adds `piece` to the gradient of `of`. */
  give(of: Value, piece: Piece): void;
  /** The way back: every gradient, from those already given. */
  backward(): void;
  readonly dispatches: readonly Dispatch[];
}

export const lasting = (name: string, numbers: number, offset = 0): Piece => ({
  kind: "lasting",
  name,
  offset: BYTES.f32 * offset,
  bytes: BYTES.f32 * numbers,
});
export const constant = (piece: Piece, rows: number, columns: number): Value => ({
  piece,
  rows,
  columns,
  storage: "f32",
  gradient: { kind: "none" },
});

/** `sum` and `sumInto` are the kernels x + y → z and x added to y, which join gradients that come from several uses. */
export function newTape(kernels: {
  readonly sum: (count: number) => Kernel;
  readonly sumInto: (count: number) => Kernel;
}): Tape {
  const dispatches: Dispatch[] = [];
  const returns: (() => void)[] = [];
  let pieces = 0;
  const passing = (numbers: number, storage: Storage = "f32"): Piece => ({
    kind: "passing",
    id: pieces++,
    bytes: BYTES[storage] * numbers,
  });
  const dispatch = (kernel: Kernel, ...list: Piece[]): void => {
    dispatches.push({ kernel, pieces: list });
  };
  return {
    dispatches,
    passing,
    dispatch,
    value: (piece, rows, columns, inputs, storage = "f32") => ({
      piece,
      rows,
      columns,
      storage,
      gradient: inputs.some(({ gradient }) => gradient.kind !== "none")
        ? { kind: "passed", piece: null }
        : { kind: "none" },
    }),
    onReturn: ({ gradient }, take) => {
      returns.push(() => {
        if (gradient.kind === "passed" && gradient.piece !== null) take(gradient.piece);
      });
    },
    give: ({ gradient, rows, columns }, piece) => {
      const count = rows * columns;
      if (gradient.kind === "added") dispatch(kernels.sumInto(count), piece, gradient.to);
      else if (gradient.kind === "passed") {
        if (gradient.piece === null) gradient.piece = piece;
        else {
          const joined = passing(count);
          dispatch(kernels.sum(count), gradient.piece, piece, joined);
          gradient.piece = joined;
        }
      }
    },
    backward: () => {
      for (let back = returns.pop(); back !== undefined; back = returns.pop()) back();
    },
  };
}
