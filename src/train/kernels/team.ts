// Threads on one heap: the calls of a team run at once, the first on the caller's own thread, and all are waited for.
// Which thread computes what shows in no bit: every kernel sums each of its results in one order, on one thread.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { callKernel, instantiateKernels, type Kernels, NAMES } from "./exports.js";
import { advance, awaitChange, type Call, DONE, LAID, newSeat, type Seat } from "./seat.js";

/** Built, as the kernels themselves are, also where the rest runs from source. */
const THREAD = new URL("../../../dist/train/kernels/team-thread.js", import.meta.url);

export interface Team {
  readonly kernels: Kernels;
  threads(): number;
  /** Resolves when so many threads are ready. Those that are no longer needed sleep. */
  useThreads(threads: number): Promise<void>;
  /** What the calls returned, 0 for those that return nothing. At most one call a thread. */
  run(calls: readonly Call[]): readonly number[];
}

export function openTeam(module: WebAssembly.Module, memory: WebAssembly.Memory): Team {
  const kernels = instantiateKernels(module, memory);
  const seats: Seat[] = [];
  let threads = 1;

  return {
    kernels,
    threads: () => threads,
    useThreads: async (wanted) => {
      while (seats.length < wanted - 1) {
        const seat = newSeat(module, memory);
        const worker = new Worker(THREAD, { workerData: seat, execArgv: [] });
        await once(worker, "message");
        worker.unref();
        seats.push(seat);
      }
      threads = wanted;
    },
    run: ([own, ...others]) => {
      const taken = others.map(([name, ...args], i) => {
        const seat = seats[i];
        if (seat === undefined) throw new Error(`kernels: ${others.length + 1} calls for ${threads} threads`);
        seat.call.set([NAMES.indexOf(name), args.length, ...args]);
        advance(seat.counts, LAID);
        return seat;
      });
      const first = own === undefined ? [] : [callKernel(kernels, own[0], own.slice(1).map(Number))];
      return first.concat(taken.map(resultOf));
    },
  };
}

function resultOf({ counts, call }: Seat): number {
  const laid = Atomics.load(counts, LAID);
  awaitChange(counts, DONE, laid - 1);
  const result = call[0] ?? Number.NaN;
  if (Number.isNaN(result)) throw new Error("kernels: a thread failed in its kernel");
  return result;
}
