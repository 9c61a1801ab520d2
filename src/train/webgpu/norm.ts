// RMSNorm and its gradients; one workgroup a row.
import { buffers, entry, groupsOf, type Kernel, quadType, type Storage, sumOver, write4 } from "./kernel.js";

const THREADS = 64;
const EPSILON = 1e-6;

/** Buffers: x [N, E], gain [E], y [N, E] in `storage`, inverse [N] = 1/√(mean(x²) + 1e-6). */
export const rmsNorm = (rows: number, width: number, storage: Storage = "f32"): Kernel => ({
  code: `${buffers(["x", "read", "f32"], ["gain", "read", "f32"], ["y", "write", storage === "f16" ? quadType(storage) : "f32"], ["inverse", "write", "f32"])}
${sumOver(THREADS)}
${entry(THREADS, rows)}
  let start = workgroup * ${width}u;
  var squares = 0.0;
  for (var j = thread; j < ${width}u; j += ${THREADS}u) { squares += x[start + j] * x[start + j]; }
  let r = 1.0 / sqrt(total(thread, squares) / ${width}.0 + ${EPSILON});
  ${
    storage === "f16"
      ? `for (var j = 4u * thread; j < ${width}u; j += ${4 * THREADS}u) { y[(start + j) / 4u] = ${write4(storage, `r * vec4f(${[0, 1, 2, 3].map((k) => `x[start + j + ${k}u] * gain[j + ${k}u]`).join(", ")})`)}; }`
      : `for (var j = thread; j < ${width}u; j += ${THREADS}u) { y[start + j] = x[start + j] * r * gain[j]; }`
  }
  if (thread == 0u) { inverse[workgroup] = r; }
}`,
  groups: groupsOf(rows),
});

/** Buffers: x, gain, inverse, dy, dx. */
export const rmsNormGradient = (rows: number, width: number): Kernel => ({
  code: `${buffers(["x", "read", "f32"], ["gain", "read", "f32"], ["inverse", "read", "f32"], ["dy", "read", "f32"], ["dx", "write", "f32"])}
${sumOver(THREADS)}
${entry(THREADS, rows)}
  let start = workgroup * ${width}u;
  let r = inverse[workgroup];
  var along = 0.0;
  for (var j = thread; j < ${width}u; j += ${THREADS}u) { along += dy[start + j] * gain[j] * x[start + j]; }
  let slope = total(thread, along) * r * r / ${width}.0;
  for (var j = thread; j < ${width}u; j += ${THREADS}u) {
    dx[start + j] = r * (dy[start + j] * gain[j] - x[start + j] * slope);
  }
}`,
  groups: groupsOf(rows),
});

/** Slices of rows that `rmsNormGain` sums apart. */
export const gainSlices = (rows: number): number => Math.min(64, Math.ceil(rows / 32));

/** Buffers: x, inverse, dy, slices [gainSlices, E]: sums over rows of dy · x · inverse. */
export function rmsNormGain(rows: number, width: number): Kernel {
  const slices = gainSlices(rows);
  const each = Math.ceil(rows / slices);
  return {
    code: `${buffers(["x", "read", "f32"], ["inverse", "read", "f32"], ["dy", "read", "f32"], ["slices", "write", "f32"])}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let j = group.x * ${THREADS}u + thread;
  if (j >= ${width}u) { return; }
  var sum = 0.0;
  for (var n = group.y * ${each}u; n < min((group.y + 1u) * ${each}u, ${rows}u); n++) {
    sum += dy[n * ${width}u + j] * x[n * ${width}u + j] * inverse[n];
  }
  slices[group.y * ${width}u + j] = sum;
}`,
    groups: [Math.ceil(width / THREADS), slices, 1],
  };
}
