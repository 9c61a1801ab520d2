// A worker process of a sweep: takes runs one by one from its parent and trains them. Loads the tensor library once.
// Ctrl-C reaches every process of a terminal; here the parent alone decides, so that all stop the same way.
import { InputError, refusalOf } from "../base/errors.js";
import { HeldError } from "../base/lock.js";
import { type Data, type DataOrigin, openData } from "../train/data.js";
import { trainRun } from "../train/trainer.js";
import type { FromWorker, ToWorker } from "./messages.js";

/** Milliseconds between two progress messages. */
const PROGRESS_INTERVAL = 200;

const stop = new AbortController();
let opened: { readonly source: string; readonly corpus: Data } | null = null;
let running: Promise<void> | null = null;
let threads = 1;

process.on("SIGINT", () => {});
process.on("SIGTERM", () => void end());
process.on("disconnect", () => void end());
process.on("message", (message: ToWorker) => {
  if (message.kind === "stop") void end();
  else if (message.kind === "threads") threads = message.threads;
  else running = perform(message);
});

/** Lets the run at hand save its checkpoint, then leaves. */
async function end(): Promise<void> {
  stop.abort();
  await running;
  process.exit(0);
}

async function perform(job: Extract<ToWorker, { kind: "run" }>): Promise<void> {
  let told = 0;
  try {
    const { status, reason } = await trainRun(job.configuration, {
      runsFolder: job.folder,
      corpus: await corpusOf(job.corpus),
      signal: stop.signal,
      threads: () => threads,
      takeOver: job.takeOver,
      onProgress: ({ tokensDone, tokensTotal, loss }) => {
        const now = performance.now();
        if (now - told < PROGRESS_INTERVAL && told !== 0 && tokensDone !== tokensTotal) return;
        told = now;
        tell({ kind: "progress", tokens: tokensDone, loss });
      },
    });
    tell({ kind: "done", status, reason });
  } catch (error) {
    if (error instanceof HeldError) return tell({ kind: "held", message: error.message });
    // The first frames of a bug of ours, on the one line that a failed run gets.
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const lines = (error instanceof InputError ? error.message : (refusalOf(error) ?? text)).split("\n");
    tell({
      kind: "failed",
      message: lines
        .slice(0, 4)
        .map((line) => line.trim())
        .join(" "),
    });
  }
}

async function corpusOf(source: DataOrigin): Promise<Data> {
  const key = JSON.stringify(source);
  if (opened?.source !== key) {
    opened?.corpus.close();
    opened = { source: key, corpus: await openData(source) };
  }
  return opened.corpus;
}

/** The parent may be gone already; its absence is noticed by "disconnect". */
function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
