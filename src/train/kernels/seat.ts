// What a team shares with each of its threads besides the heap: a seat, on which the thread's next call is laid.
import type { Kernels } from "./exports.js";

/** A kernel with its arguments. */
export type Call = readonly [kernel: keyof Kernels, ...args: readonly number[]];

export interface Seat {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** [calls laid so far, calls done]. */
  readonly counts: Int32Array;
  /** [the kernel's place in NAMES, number of arguments, arguments …] going, [its result, or NaN if it failed] coming. */
  readonly call: Float64Array;
}
export const LAID = 0;
export const DONE = 1;

export function newSeat(module: WebAssembly.Module, memory: WebAssembly.Memory): Seat {
  const shared = (bytes: number) => new SharedArrayBuffer(bytes);
  return { module, memory, counts: new Int32Array(shared(8)), call: new Float64Array(shared(8 * 32)) };
}

/** Looks at a counter before going to sleep: some ten microseconds, about what waking up costs. */
const SPINS = 1000;

/** Waits until a counter is no longer `value`. */
export function awaitChange(counts: Int32Array, place: number, value: number): void {
  for (let i = 0; i < SPINS; i++) if (Atomics.load(counts, place) !== value) return;
  while (Atomics.load(counts, place) === value) Atomics.wait(counts, place, value);
}

export function advance(counts: Int32Array, place: number): void {
  Atomics.add(counts, place, 1);
  Atomics.notify(counts, place);
}
