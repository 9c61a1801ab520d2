// The training kernels of the wasm backend. They work on the heap of the tfjs backend: every pointer is a byte address
// in it, every matrix is row-major float32. Plain SIMD and fixed summation orders: the same bits on every machine.
export { inputGradient, forward, scratchBytes, weightGradient } from "./product";
export { attentionBackward, attentionForward, attentionScratchBytes, probabilityBytes } from "./attention";
export { rmsNormBackward, rmsNormForward } from "./norm";
export { add, reluSquaredBackward, reluSquaredForward } from "./elementwise";
export { crossEntropyBackward, crossEntropyForward, mean } from "./loss";
export { embeddingBackward, embeddingForward } from "./embedding";
export { adamwStep, sumOfSquares } from "./optimizer";
export { meanPoolBackward, meanPoolForward } from "./pooling";
export { sigmoidLossBackward, sigmoidLossForward } from "./sigmoid-loss";
