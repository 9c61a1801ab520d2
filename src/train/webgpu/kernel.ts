// What a compute kernel is: WGSL with its sizes written in, and how many workgroups run it. Kernels know nothing of
// the device that runs them, nor of Node or a browser.

export interface Kernel {
  /** WGSL; its buffers are bindings 0, 1, … of group 0, entry point `main`. */
  readonly code: string;
  readonly groups: readonly [x: number, y: number, z: number];
}

/**
 * How the numbers of a matrix are stored: each in 32 bits, or rounded to half precision, four in a `vec2u`. Packing and
 * unpacking are plain WGSL, so that half precision needs no feature of a GPU; sums are always in 32 bits.
 */
export type Storage = "f32" | "f16";

export const BYTES: Readonly<Record<Storage, number>> = { f32: 4, f16: 2 };

/** What a kernel reads in place of `x`, four numbers as they are stored, and what it writes for `value`, four numbers. */
export const read4 = (storage: Storage, x: string): string =>
  storage === "f32" ? x : `vec4f(unpack2x16float(${x}.x), unpack2x16float(${x}.y))`;
export const write4 = (storage: Storage, value: string): string =>
  storage === "f32" ? value : `vec2u(pack2x16float((${value}).xy), pack2x16float((${value}).zw))`;
/** The type of four numbers as they are stored. */
export const quadType = (storage: Storage): string => (storage === "f32" ? "vec4f" : "vec2u");

/** How a kernel sees a buffer: `read` or `write` (which may read too), and of what. */
export type Access = readonly [name: string, mode: "read" | "write", type: string];

/** The declarations of a kernel's buffers, in the order in which they are bound. */
export const buffers = (...list: readonly Access[]): string =>
  list
    .map(
      ([name, mode, type], i) =>
        `@group(0) @binding(${i}) var<storage, ${mode === "read" ? "read" : "read_write"}> ${name}: array<${type}>;`,
    )
    .join("\n");

/** Workgroups along one dimension: WebGPU allows 65,535. */
const ACROSS = 32_768;

/** `count` workgroups in two dimensions; in the kernel number `workgroup` below is which of them, and may be beyond. */
export const groupsOf = (count: number): Kernel["groups"] =>
  count <= ACROSS ? [Math.max(1, count), 1, 1] : [ACROSS, Math.ceil(count / ACROSS), 1];

/** Text of a kernel's start: which workgroup this is and which thread in it, leaving those beyond `count`. */
export const entry = (threads: number, count: number): string => `
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let workgroup = group.x + group.y * ${ACROSS}u;
  if (workgroup >= ${count}u) { return; }`;

/** A kernel of one thread an element; `body` is written for element `i` of `count`. */
export function elementwise(declarations: string, count: number, body: string): Kernel {
  const groups = Math.ceil(count / 256);
  return {
    code: `${declarations}
${entry(256, groups)}
  let i = workgroup * 256u + thread;
  if (i >= ${count}u) { return; }
${body}
}`,
    groups: groupsOf(groups),
  };
}

/**
 * A function `total(thread, x)` of WGSL: the sum (or the maximum) of x over the threads of a workgroup, in a fixed
 * order, for every thread. `threads` must be a power of two.
 */
export const reduction = (name: string, threads: number, join: (a: string, b: string) => string): string => `
var<workgroup> ${name}Parts: array<f32, ${threads}>;
fn ${name}(thread: u32, x: f32) -> f32 {
  workgroupBarrier();
  ${name}Parts[thread] = x;
  workgroupBarrier();
  for (var half = ${threads / 2}u; half > 0u; half = half / 2u) {
    if (thread < half) { ${name}Parts[thread] = ${join(`${name}Parts[thread]`, `${name}Parts[thread + half]`)}; }
    workgroupBarrier();
  }
  return ${name}Parts[0];
}`;

export const sumOver = (threads: number): string => reduction("total", threads, (a, b) => `${a} + ${b}`);
export const maximumOver = (threads: number): string => reduction("largest", threads, (a, b) => `max(${a}, ${b})`);
