// The global norm of the gradient and AdamW, each over one flat buffer that holds all tensors, padded to BLOCK.
import { buffers, elementwise, entry, groupsOf, type Kernel, sumOver } from "./kernel.js";

/** Every tensor begins at a multiple of so many numbers, and at one at which WebGPU lets a buffer be bound. */
export const BLOCK = 256;
/** Numbers of the step table for each tensor: learning rate, decay, 1/bias corrections. A first correction of 0: left alone. */
export const TABLE_COLUMNS = 4;

const normParts = (count: number): number => Math.min(256, Math.ceil(count / BLOCK));

/** Partial sums of squares. Buffers: gradient [count], parts. */
export const squares = (count: number): Kernel => ({
  code: `${buffers(["gradient", "read", "f32"], ["parts", "write", "f32"])}
${sumOver(256)}
${entry(256, normParts(count))}
  var part = 0.0;
  for (var i = workgroup * 256u + thread; i < ${count}u; i += ${256 * normParts(count)}u) { part += gradient[i] * gradient[i]; }
  let sum = total(thread, part);
  if (thread == 0u) { parts[workgroup] = sum; }
}`,
  groups: groupsOf(normParts(count)),
});

export const squaresLength = normParts;

/** Buffers: parts, norm [1] = √Σ parts. */
export const norm = (count: number): Kernel => ({
  code: `${buffers(["parts", "read", "f32"], ["norm", "write", "f32"])}
${sumOver(256)}
${entry(256, 1)}
  let sum = total(thread, select(0.0, parts[min(thread, ${normParts(count) - 1}u)], thread < ${normParts(count)}u));
  if (thread == 0u) { norm[0] = sqrt(sum); }
}`,
  groups: [1, 1, 1],
});

export interface AdamwConstants {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly clipNorm: number;
}

/**
 * One AdamW step of the tensors whose row of `table` says so, unless the loss of the step is not finite.
 * Buffers: parameter, gradient, moments [2, count] first and second, owners [blocks] tensor of each block, table
 * [tensors], norm [1], step [1] slot of the loss, losses [slots]: eight, as many as WebGPU grants everywhere.
 */
export const adamw = (count: number, { beta1, beta2, epsilon, clipNorm }: AdamwConstants): Kernel =>
  elementwise(
    buffers(
      ["parameter", "write", "f32"],
      ["gradient", "read", "f32"],
      ["moments", "write", "f32"],
      ["owners", "read", "u32"],
      ["table", "read", "vec4f"],
      ["norm", "read", "f32"],
      ["step", "read", "u32"],
      ["losses", "read", "f32"],
    ),
    count,
    `let settings = table[owners[i / ${BLOCK}u]];
  let exponent = bitcast<u32>(losses[step[0]]) & 0x7f800000u;
  if (settings.z == 0.0 || exponent == 0x7f800000u) { return; }
  let g = gradient[i] * select(1.0, ${clipNorm} / norm[0], norm[0] > ${clipNorm});
  let m = ${beta1} * moments[i] + ${1 - beta1} * g;
  let v = ${beta2} * moments[${count}u + i] + ${1 - beta2} * g * g;
  moments[i] = m;
  moments[${count}u + i] = v;
  parameter[i] -= settings.x * (m * settings.z / (sqrt(v * settings.w) + ${epsilon}) + settings.y * parameter[i]);`,
  );
