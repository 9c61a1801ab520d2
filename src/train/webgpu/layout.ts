// Where each tensor of a model lies in the flat buffers of weights, gradients and moments.
import { named, type ParameterSpec, type Parameters, size, type Weights } from "../parameters.js";
import { BLOCK } from "./optimizer.js";
import { lasting, type Value } from "./tape.js";

export interface Layout {
  readonly specs: readonly ParameterSpec[];
  /** Numbers in a flat buffer, paddings counted. */
  readonly length: number;
  readonly offsets: readonly number[];
}

export function layoutOf(specs: readonly ParameterSpec[]): Layout {
  let length = 0;
  const offsets = specs.map((spec) => {
    const offset = length;
    length += BLOCK * Math.ceil(size(spec) / BLOCK);
    return offset;
  });
  return { specs, length, offsets };
}

/** The tensor of each block of a flat buffer, by its index in the specs. */
export const owners = ({ specs, length }: Layout): Uint32Array<ArrayBuffer> => {
  const blocks = new Uint32Array(length / BLOCK);
  let block = 0;
  specs.forEach((spec, i) => {
    const next = block + Math.ceil(size(spec) / BLOCK);
    blocks.fill(i, block, next);
    block = next;
  });
  return blocks;
};

/** Tensors by name, written into one flat array from `start` on. */
export function flatten({ specs, offsets }: Layout, weights: Weights, to: Float32Array, start = 0): void {
  specs.forEach(({ name }, i) => {
    to.set(named(weights, name), start + (offsets[i] ?? 0));
  });
}

/** The tensors of a flat array from `start` on. */
export const unflatten = ({ specs, offsets }: Layout, flat: Float32Array, start = 0): Weights =>
  Object.fromEntries(
    specs.map((spec, i) => {
      const from = start + (offsets[i] ?? 0);
      return [spec.name, flat.slice(from, from + size(spec))];
    }),
  );

/** The tensors as values of a tape; with `trained` their gradients are added up in the buffer of gradients. */
export function valuesOf({ specs, offsets }: Layout, trained: boolean): Parameters<Value, Value> {
  const matrices: Record<string, Value> = {};
  const vectors: Record<string, Value> = {};
  specs.forEach((spec, i) => {
    const [first = 0, second] = spec.shape;
    const piece = (buffer: string) => lasting(buffer, size(spec), offsets[i]);
    const value: Value = {
      piece: piece("parameters"),
      rows: second === undefined ? 1 : first,
      columns: second ?? first,
      storage: "f32",
      gradient: trained ? { kind: "added", to: piece("gradients") } : { kind: "none" },
    };
    (second === undefined ? vectors : matrices)[spec.name] = value;
  });
  return { matrices, vectors };
}
