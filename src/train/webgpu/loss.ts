// Softmax cross-entropy over the vocabulary, its gradient in the place of the logits, and the mean over rows.
import { buffers, entry, groupsOf, type Kernel, maximumOver, sumOver } from "./kernel.js";

const THREADS = 256;

/**
 * Cross-entropy of each row. With `gradient` the logits become their gradient of the mean over rows, (p − 1[target])/N,
 * so that neither probabilities nor a second [N, V] are ever in memory. Buffers: logits [N, V], targets [N], losses [N].
 */
export const crossEntropy = (rows: number, vocabulary: number, gradient: boolean): Kernel => ({
  code: `${buffers(["logits", gradient ? "write" : "read", "f32"], ["targets", "read", "u32"], ["losses", "write", "f32"])}
${sumOver(THREADS)}
${maximumOver(THREADS)}
${entry(THREADS, rows)}
  let start = workgroup * ${vocabulary}u;
  let wanted = start + targets[workgroup];
  var highest = -3.4e38;
  for (var j = thread; j < ${vocabulary}u; j += ${THREADS}u) { highest = max(highest, logits[start + j]); }
  let top = largest(thread, highest);
  var part = 0.0;
  for (var j = thread; j < ${vocabulary}u; j += ${THREADS}u) { part += exp(logits[start + j] - top); }
  let sum = total(thread, part);
  if (thread == 0u) { losses[workgroup] = log(sum) + top - logits[wanted]; }
${
  gradient
    ? `  workgroupBarrier();
  storageBarrier();
  for (var j = thread; j < ${vocabulary}u; j += ${THREADS}u) {
    let target_ = select(0.0, 1.0, start + j == wanted);
    logits[start + j] = (exp(logits[start + j] - top) / sum - target_) * ${1 / rows};
  }`
    : ""
}
}`,
  groups: groupsOf(rows),
});

/** The gradient of the losses of the rows. Buffers: logits [N, V], targets [N], losses [N], dlosses [N], dlogits [N, V]. */
export const crossEntropyGradient = (rows: number, vocabulary: number): Kernel => ({
  code: `${buffers(["logits", "read", "f32"], ["targets", "read", "u32"], ["losses", "read", "f32"], ["dlosses", "read", "f32"], ["dlogits", "write", "f32"])}
${entry(THREADS, rows)}
  let start = workgroup * ${vocabulary}u;
  let wanted = start + targets[workgroup];
  let logSum = losses[workgroup] + logits[wanted];
  for (var j = thread; j < ${vocabulary}u; j += ${THREADS}u) {
    let target_ = select(0.0, 1.0, start + j == wanted);
    dlogits[start + j] = dlosses[workgroup] * (exp(logits[start + j] - logSum) - target_);
  }
}`,
  groups: groupsOf(rows),
});

/** Buffers: losses [N], step [1] which slot to write, mean [slots]. */
export const meanLoss = (rows: number): Kernel => ({
  code: `${buffers(["losses", "read", "f32"], ["step", "read", "u32"], ["mean", "write", "f32"])}
${sumOver(THREADS)}
${entry(THREADS, 1)}
  var part = 0.0;
  for (var n = thread; n < ${rows}u; n += ${THREADS}u) { part += losses[n]; }
  let sum = total(thread, part);
  if (thread == 0u) { mean[step[0]] = sum / ${rows}.0; }
}`,
  groups: [1, 1, 1],
});
