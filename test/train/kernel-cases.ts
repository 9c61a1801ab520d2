// What a backend's kernels are tested with: operations at even and ragged shapes, with value and gradients in double
// precision from their definitions, and central differences of their own values. A backend says how it evaluates one.
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import type { AttentionShape, Operations } from "../../src/train/operations.js";
import * as reference from "./reference-operations.js";

/** Matrices by rows; a vector has null rows. */
export interface Given {
  readonly values: Float32Array;
  readonly rows: number | null;
}

export interface KernelCase {
  readonly title: string;
  readonly inputs: readonly Given[];
  readonly ids: Int32Array;
  readonly vocabulary: number;
  readonly attention: AttentionShape & { readonly headWidth: number };
  /** Gradient of the value. */
  readonly dy: Float32Array;
  /** Operations in the call: each leaves one value. */
  readonly operations: 1 | 2;
  readonly call: <M, V, I, L>(
    op: Operations<M, V, I, L>,
    matrices: readonly M[],
    vectors: readonly V[],
    ids: I,
  ) => M | V | L;
  /** Of the value, then of the gradients, as they are to be: at most so far off, relative to the largest entry or 1 × `floor`. */
  readonly want: { readonly value: ArrayLike<number>; readonly gradients: readonly ArrayLike<number>[] };
  readonly tolerance: { readonly value: number; readonly gradient: number; readonly floor: number };
}

export interface Evaluated {
  readonly value: ArrayLike<number>;
  /** By input. */
  readonly gradients: readonly ArrayLike<number>[];
}
export type Evaluate = (work: KernelCase) => Promise<Evaluated>;

const stream = random(11).split("kernels");
export const draw = (count: number): Float32Array =>
  Float32Array.from({ length: count }, () => 4 * stream.uniform() - 2);
const drawIds = (count: number, below: number): Int32Array =>
  Int32Array.from({ length: count }, () => stream.integer(below));
const NO_ATTENTION = { batch: 1, time: 1, heads: 1, headWidth: 2 };

/** Largest difference over the largest entry, or over `floor` where that is more. */
export function distance(got: ArrayLike<number> | undefined, want: ArrayLike<number>, floor = 1e-30): number {
  expect(got?.length).toBe(want.length);
  let difference = 0;
  let scale = floor;
  for (let i = 0; i < want.length; i++) {
    difference = Math.max(difference, Math.abs((got?.[i] ?? Number.NaN) - (want[i] ?? Number.NaN)));
    scale = Math.max(scale, Math.abs(want[i] ?? 0));
  }
  return difference / scale;
}

/** An input that the case has. */
export function present<T>(input: T | undefined): T {
  if (input === undefined) throw new Error("a case lacks an input");
  return input;
}

const LINEAR = [
  [1, 1, 1],
  [4, 8, 8],
  [7, 5, 9],
  [3, 16, 24],
  [261, 13, 19],
  [64, 520, 264],
  [600, 4, 12],
  [1500, 130, 100],
] as const;

function linear([rows, inputs, outputs]: readonly [number, number, number]): KernelCase {
  const [x, w, dy] = [draw(rows * inputs), draw(inputs * outputs), draw(rows * outputs)];
  const { y, dx, dw } = reference.linear(x, w, dy, rows, inputs, outputs);
  return {
    title: `linear ${rows} × ${inputs} × ${outputs}`,
    inputs: [
      { values: x, rows },
      { values: w, rows: inputs },
    ],
    ids: new Int32Array(1),
    vocabulary: 1,
    attention: NO_ATTENTION,
    dy,
    operations: 1,
    call: (op, [a, b]) => op.linear(present(a), present(b)),
    want: { value: y, gradients: [dx, dw] },
    tolerance: { value: 2e-6, gradient: 2e-6, floor: 1e-30 },
  };
}

const ATTENTION = [
  { batch: 1, time: 1, heads: 1, headWidth: 2 },
  { batch: 2, time: 8, heads: 2, headWidth: 8 },
  { batch: 1, time: 13, heads: 3, headWidth: 6 },
  { batch: 3, time: 5, heads: 4, headWidth: 16 },
  { batch: 2, time: 66, heads: 2, headWidth: 20 },
  { batch: 1, time: 128, heads: 2, headWidth: 32 },
  { batch: 1, time: 97, heads: 2, headWidth: 74 },
] as const;

function attention(shape: KernelCase["attention"]): KernelCase {
  const { batch, time, heads, headWidth } = shape;
  const width = heads * headWidth;
  const [qkv, dy] = [draw(batch * time * 3 * width), draw(batch * time * width)];
  const { out, dqkv } = reference.attention(qkv, dy, batch, time, heads, headWidth);
  return {
    title: `attention ${batch} × ${time}, ${heads} heads of ${headWidth}`,
    inputs: [{ values: qkv, rows: batch * time }],
    ids: new Int32Array(1),
    vocabulary: 1,
    attention: shape,
    dy,
    operations: 1,
    call: (op, [a]) => op.attention(present(a), shape),
    want: { value: out, gradients: [dqkv] },
    tolerance: { value: 2e-6, gradient: 4e-6, floor: 1e-30 },
  };
}

const ROWS_BY_WIDTH = [
  [1, 2],
  [3, 8],
  [5, 7],
  [130, 66],
] as const;

function byRows([rows, width]: readonly [number, number]): readonly KernelCase[] {
  const [x, y, gain, dy] = [draw(rows * width), draw(rows * width), draw(width), draw(rows * width)];
  const normed = reference.rmsNorm(x, gain, dy, rows, width);
  const shared = { ids: new Int32Array(1), vocabulary: 1, attention: NO_ATTENTION, dy };
  return [
    {
      ...shared,
      title: `rmsNorm ${rows} × ${width}`,
      inputs: [
        { values: x, rows },
        { values: gain, rows: null },
      ],
      operations: 1,
      call: (op, [a], [g]) => op.rmsNorm(present(a), present(g)),
      want: { value: normed.y, gradients: [normed.dx, normed.dgain] },
      tolerance: { value: 1e-6, gradient: 2e-6, floor: 1e-30 },
    },
    {
      ...shared,
      title: `reluSquared ${rows} × ${width}`,
      inputs: [{ values: x, rows }],
      operations: 1,
      call: (op, [a]) => op.reluSquared(present(a)),
      want: {
        value: x.map((v) => Math.max(v, 0) ** 2),
        gradients: [x.map((v, i) => 2 * Math.max(v, 0) * (dy[i] ?? 0))],
      },
      tolerance: { value: 1e-7, gradient: 1e-7, floor: 1e-30 },
    },
    {
      ...shared,
      title: `add ${rows} × ${width}, one of them twice`,
      inputs: [
        { values: x, rows },
        { values: y, rows },
      ],
      operations: 2,
      call: (op, [a, b]) => op.add(op.add(present(a), present(b)), present(a)),
      want: {
        value: x.map((v, i) => Math.fround(v + (y[i] ?? 0)) + v),
        gradients: [dy.map((v) => 2 * v), dy],
      },
      // 0 passes, the smallest difference does not.
      tolerance: { value: 1e-12, gradient: 1e-12, floor: 1e-30 },
    },
  ];
}

const CROSS_ENTROPY = [
  [1, 2],
  [3, 5],
  [9, 256],
  [40, 1023],
] as const;

function crossEntropy([rows, vocabulary]: readonly [number, number]): readonly KernelCase[] {
  const logits = draw(rows * vocabulary).map((v) => 8 * v);
  const ids = drawIds(rows, vocabulary);
  const dy = draw(rows);
  const byRow = reference.crossEntropy(logits, ids, dy, rows, vocabulary);
  const mean = reference.crossEntropy(logits, ids, new Float32Array(rows).fill(1 / rows), rows, vocabulary);
  const shared = { ids, vocabulary, attention: NO_ATTENTION };
  return [
    {
      ...shared,
      title: `crossEntropy ${rows} × ${vocabulary}`,
      inputs: [{ values: logits, rows }],
      dy,
      operations: 1,
      call: (op, [a], _, targets) => op.crossEntropy(present(a), targets),
      want: { value: byRow.losses, gradients: [byRow.dlogits] },
      tolerance: { value: 1e-6, gradient: 2e-6, floor: 1 },
    },
    {
      ...shared,
      title: `meanCrossEntropy ${rows} × ${vocabulary}`,
      // Of a value that a kernel made: its gradient may take its place.
      inputs: [
        { values: logits, rows },
        { values: new Float32Array(logits.length), rows },
      ],
      dy: Float32Array.of(1),
      operations: 2,
      call: (op, [x, zero], _, targets) => op.meanCrossEntropy(op.add(present(x), present(zero)), targets),
      want: {
        value: [mean.losses.reduce((sum, loss) => sum + loss, 0) / rows],
        gradients: [mean.dlogits, mean.dlogits],
      },
      tolerance: { value: 1e-6, gradient: 2e-6, floor: 1 },
    },
  ];
}

/** Rows of a table, an id twice: its gradients are added up. */
function embedding(width: number): KernelCase {
  const vocabulary = 7;
  const table = draw(vocabulary * width);
  const ids = Int32Array.of(3, 0, 3, 6, 3);
  const dy = draw(ids.length * width);
  const gradient = new Float64Array(vocabulary * width);
  ids.forEach((id, i) => {
    for (let j = 0; j < width; j++) {
      gradient[id * width + j] = (gradient[id * width + j] ?? 0) + (dy[i * width + j] ?? 0);
    }
  });
  return {
    title: `embedding of width ${width}`,
    inputs: [{ values: table, rows: vocabulary }],
    ids,
    vocabulary,
    attention: NO_ATTENTION,
    dy,
    operations: 1,
    call: (op, [a], _, at) => op.embedding(present(a), at),
    want: { value: [...ids].flatMap((id) => [...table.subarray(id * width, (id + 1) * width)]), gradients: [gradient] },
    tolerance: { value: 1e-12, gradient: 1e-6, floor: 1e-30 },
  };
}

export const KERNEL_CASES: readonly KernelCase[] = [
  ...LINEAR.map(linear),
  ...ATTENTION.map(attention),
  ...ROWS_BY_WIDTH.flatMap(byRows),
  ...CROSS_ENTROPY.flatMap(crossEntropy),
  embedding(6),
  embedding(66),
];

/** Every case against its definition, and its gradients against central differences of its value. */
export function testKernels(evaluate: Evaluate): void {
  test.each(KERNEL_CASES)("$title", async (work) => {
    const { value, gradients } = await evaluate(work);
    const { want, tolerance } = work;
    expect(distance(value, want.value, tolerance.floor)).toBeLessThan(tolerance.value);
    want.gradients.forEach((gradient, i) => {
      expect(distance(gradients[i], gradient, tolerance.floor), `gradient ${i}`).toBeLessThan(tolerance.gradient);
    });
    for (const i of work.inputs.keys()) await differ(evaluate, work, i, gradients[i]);
  });
}

/** Half the distance between the two points of a difference: rounding of single precision falls, curvature grows with it. */
const STEP = 2 ** -8;

/**
 * The gradient along a drawn direction u of the input against (dy · f(x + hu) − dy · f(x − hu)) / 2h. Single precision
 * leaves about 1e-7 |dy| |f| / h of rounding.
 */
async function differ(evaluate: Evaluate, work: KernelCase, input: number, gradient: ArrayLike<number> | undefined) {
  const given = work.inputs[input];
  if (given === undefined || gradient === undefined) throw new Error("a gradient is missing");
  const direction = draw(given.values.length).map((v) => Math.sign(v));
  const at = async (h: number) => {
    const moved = given.values.map((v, i) => v + h * (direction[i] ?? 0));
    const inputs = work.inputs.map((other, i) => (i === input ? { ...given, values: moved } : other));
    const { value } = await evaluate({ ...work, inputs });
    return { moved, dot: dot(value, work.dy), size: norm(value) * norm(work.dy) };
  };
  const [above, below] = [await at(STEP), await at(-STEP)];
  // What was moved, rounded as it was.
  const moved = above.moved.map((v, i) => v - (below.moved[i] ?? 0));
  const got = dot(gradient, moved);
  const want = above.dot - below.dot;
  const scale = norm(gradient) * norm(moved);
  expect(Math.abs(got - want), `difference along input ${input}`).toBeLessThan(2e-3 * scale + 1e-6 * above.size + 1e-6);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? Number.NaN) * (b[i] ?? Number.NaN);
  return sum;
}
const norm = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));
