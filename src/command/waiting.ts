// A sign of life on a terminal for commands that compute long without a word: after a second a line with the time
// that has passed, taken away before anything else is written. It ticks on a thread of its own, since the computation holds
// this one.
import { Worker } from "node:worker_threads";
import { draw, whenWritten } from "./terminal.js";

const SILENT_MILLISECONDS = 1000;
/** Written past the streams of the process: a thread's own go through the one that is busy. */
const CLOCK = `
  const { workerData: { what, silent } } = require("node:worker_threads");
  const { writeSync } = require("node:fs");
  const begun = Date.now();
  setInterval(() => {
    if (Date.now() - begun < silent) return;
    try { writeSync(2, "\\r" + what + ": " + Math.round((Date.now() - begun) / 1000) + " s "); } catch {}
  }, 500);
`;

/** Runs `work`; on a terminal says what runs and for how long, from a second on. */
export async function waiting<T>(what: string, terminal: boolean, work: () => Promise<T>): Promise<T> {
  if (!terminal) return work();
  const clock = new Worker(CLOCK, { eval: true, workerData: { what, silent: SILENT_MILLISECONDS } });
  const begun = Date.now();
  const clear = () => {
    if (Date.now() - begun >= SILENT_MILLISECONDS) draw("\r\u001b[2K");
  };
  whenWritten(clear);
  try {
    return await work();
  } finally {
    await clock.terminate();
    clear();
    whenWritten(null);
  }
}
