// What a person sees of a sweep: one line a worker and the time left on a terminal, plain lines when piped.
import { count, duration, fixed } from "../base/format.js";
import { oneLine } from "../base/visible.js";
import type { SweepEvent } from "./executor.js";
import type { PlannedRun } from "./expand.js";
import { longestFirst, secondsLeft } from "./time-left.js";

export interface ProgressOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

interface Line {
  readonly run: PlannedRun;
  readonly tokens: number;
  /** Tokens that were there when the run was taken up from a checkpoint: not this sweep's work. */
  readonly resumedAt: number | null;
  readonly loss: number | null;
  readonly startedAt: number;
}

/** Milliseconds between two plain lines of one run, and between two redraws. */
const PLAIN_INTERVAL = 30_000;
const REDRAW_INTERVAL = 250;

/**
 * Takes the events of a sweep and writes progress to `output`; `now` gives milliseconds. The time left comes from the
 * speed measured in this sweep: FLOPs done over worker-seconds, and from the order in which waiting runs are taken.
 */
export function sweepProgress(runs: readonly PlannedRun[], workers: number, output: ProgressOutput, now: () => number) {
  const waiting = [...longestFirst(runs)];
  const lines: (Line | null)[] = Array.from({ length: Math.min(workers, runs.length) }, () => null);
  let ended = 0;
  let stopped = false;
  let flopsDone = 0;
  let workerSeconds = 0;
  let drawn = 0;
  let lastDraw = 0;
  const lastPlain = new Map<string, number>();

  const flopsOf = (run: PlannedRun, tokens: number) => (run.flops * tokens) / run.tokens;
  const left = (): string => {
    const busy = lines.filter((line) => line !== null);
    const done = busy.reduce(
      (sum, line) => sum + flopsOf(line.run, line.tokens - (line.resumedAt ?? line.tokens)),
      flopsDone,
    );
    const seconds = busy.reduce((sum, line) => sum + (now() - line.startedAt) / 1000, workerSeconds);
    if (done <= 0 || seconds <= 0) return "time left unknown yet";
    const running = lines.map((line) => (line === null ? 0 : line.run.flops - flopsOf(line.run, line.tokens)));
    const queue = waiting.map((run) => run.flops);
    return `${duration(secondsLeft(running, queue, done / seconds))} left`;
  };
  const describe = (line: Line): string =>
    `${line.run.configuration.scheme.label} seed ${line.run.configuration.seed}: ${count(line.tokens)} of ${count(line.run.tokens)} tokens, loss ${fixed(line.loss, 4)}`;
  const summary = (): string => `${ended} of ${runs.length} runs ended, ${stopped ? "stopped" : left()}`;

  const erase = () => {
    if (drawn > 0) output.write(`\u001b[${drawn}F\u001b[0J`);
    drawn = 0;
  };
  const draw = () => {
    const width = (output.columns ?? 80) - 1;
    const texts = [...lines.map((line, i) => `worker ${i + 1}: ${line === null ? "–" : describe(line)}`), summary()];
    output.write(`${texts.map((text) => oneLine(text).slice(0, width)).join("\n")}\n`);
    drawn = texts.length;
    lastDraw = now();
  };
  const plain = (text: string) => {
    if (output.isTTY) erase();
    output.write(`${oneLine(text)}\n`);
    if (output.isTTY) draw();
  };

  return (event: SweepEvent): void => {
    if (event.kind === "started") {
      waiting.splice(waiting.indexOf(event.run), 1);
      lines[event.worker] = { run: event.run, tokens: 0, resumedAt: null, loss: null, startedAt: now() };
      lastPlain.set(event.run.id, now());
    } else if (event.kind === "progress") {
      const line = lines[event.worker];
      if (line === null || line === undefined) return;
      const resumedAt = line.resumedAt ?? event.tokens;
      lines[event.worker] = { ...line, tokens: event.tokens, loss: event.loss ?? line.loss, resumedAt };
      if (!output.isTTY && now() - (lastPlain.get(event.run.id) ?? 0) >= PLAIN_INTERVAL) {
        lastPlain.set(event.run.id, now());
        plain(`${describe({ ...line, tokens: event.tokens, loss: event.loss ?? line.loss })}; ${summary()}`);
      }
    } else {
      const line = lines[event.worker];
      if (line !== null && line !== undefined) {
        flopsDone += flopsOf(event.run, line.tokens - (line.resumedAt ?? line.tokens));
        workerSeconds += (now() - line.startedAt) / 1000;
      }
      lines[event.worker] = null;
      if (event.outcome.status === "held") waiting.push(event.run);
      else if (event.outcome.status === "interrupted") stopped = true;
      else ended++;
      const message = "message" in event.outcome ? `: ${event.outcome.message}` : "";
      plain(`${event.run.name} ${event.outcome.status}${message}; ${summary()}`);
    }
    if (output.isTTY && now() - lastDraw >= REDRAW_INTERVAL) {
      erase();
      draw();
    }
  };
}
