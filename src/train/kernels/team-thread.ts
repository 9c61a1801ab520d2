// A thread of a team: makes the calls that are laid on its seat, one after the other, until the process ends.
import { parentPort, workerData } from "node:worker_threads";
import { callKernel, instantiateKernels, NAMES } from "./exports.js";
import { advance, awaitChange, DONE, LAID, type Seat } from "./seat.js";

const { module, memory, counts, call }: Seat = workerData;
const kernels = instantiateKernels(module, memory);
parentPort?.postMessage("ready");

for (let laid = 0; ; laid++) {
  awaitChange(counts, LAID, laid);
  const [place = -1, length = 0] = call;
  const name = NAMES[place];
  try {
    call[0] = name === undefined ? Number.NaN : callKernel(kernels, name, call.subarray(2, 2 + length));
  } catch {
    call[0] = Number.NaN;
  }
  advance(counts, DONE);
}
