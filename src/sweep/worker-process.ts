// A worker process as the sweep sees it: takes one run at a time, says how it goes and how it ended, dies alone.
import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { GPU_VARIABLE } from "../train/webgpu/node-device.js";
import type { FromWorker, ToWorker } from "./messages.js";
import type { Outcome } from "./outcome.js";

export interface WorkerProcess {
  perform(
    job: Extract<ToWorker, { kind: "run" }>,
    onProgress: (tokens: number, loss: number | null) => void,
  ): Promise<Outcome>;
  alive(): boolean;
  /** Threads of its run from now on. */
  useThreads(threads: number): void;
  stop(): Promise<void>;
}

/** A process of this very program: dist/sweep/worker.js, or the source under tsx when run from source. */
export function startWorker(signal: AbortSignal | undefined, gpu?: string): WorkerProcess {
  const entry = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
  const fromSource = entry.pathname.endsWith(".ts");
  const loader = () => pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const child = fork(fileURLToPath(entry), [], {
    execArgv: fromSource ? ["--import", loader()] : [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: gpu === undefined ? process.env : { ...process.env, [GPU_VARIABLE]: gpu },
  });
  let lastWords = "";
  child.stderr?.on("data", (bytes: Buffer) => {
    lastWords = (lastWords + bytes.toString("utf8")).slice(-2000);
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const alive = () => child.exitCode === null && child.signalCode === null && child.connected;
  const stop = async (): Promise<void> => {
    if (alive()) send(child, { kind: "stop" });
    await exited;
  };
  const onAbort = () => void stop();
  signal?.addEventListener("abort", onAbort, { once: true });
  void exited.then(() => signal?.removeEventListener("abort", onAbort));

  const perform: WorkerProcess["perform"] = (job, onProgress) =>
    new Promise((resolve) => {
      const finish = (outcome: Outcome) => {
        child.off("message", onMessage);
        child.off("exit", onExit);
        resolve(outcome);
      };
      const onMessage = (message: FromWorker) => {
        if (message.kind === "progress") onProgress(message.tokens, message.loss);
        else if (message.kind === "failed" || message.kind === "held") {
          finish({ status: message.kind, message: message.message });
        } else if (message.status === "diverged") finish({ status: "diverged", message: message.reason ?? "" });
        else finish({ status: message.status });
      };
      const onExit = () => {
        const reason = child.signalCode ?? `exit ${child.exitCode}`;
        const words = lastWords.trim().split("\n").slice(-3).join(" | ");
        finish(
          signal?.aborted
            ? { status: "interrupted" }
            : { status: "failed", message: `worker ended with ${reason}${words === "" ? "" : `: ${words}`}` },
        );
      };
      child.on("message", onMessage);
      child.once("exit", onExit);
      send(child, job);
    });
  const useThreads = (threads: number) => send(child, { kind: "threads", threads });
  return { perform, alive, useThreads, stop };
}

/** A worker that died between two messages reports through its exit, not through a failed send. */
function send(child: ChildProcess, message: ToWorker): void {
  child.send(message, () => {});
}
