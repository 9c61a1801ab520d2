// Files made up for a test, and the commands run on them: what a user would type and read.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll } from "vitest";
import { z } from "zod";
import { runCommand } from "../hostile/run-command.js";

export type Point = Readonly<Record<string, number | string>>;

export interface Answer {
  readonly exit: number;
  /** What was said on standard error. */
  readonly said: string;
  /** The imported points, or the fits. */
  readonly points: readonly Point[];
  readonly stdout: string;
}

const record = z.record(z.string(), z.union([z.string(), z.number()]));

/** A folder for a test file, and the commands on files in it: `@` in arguments stands for the folder. */
export function door(name: string): {
  readonly put: (file: string, content: string | Uint8Array) => void;
  readonly run: (argv: readonly string[]) => Promise<Answer>;
  readonly imported: (file: string, content: string | Uint8Array, ...flags: readonly string[]) => Promise<Answer>;
} {
  const folder = mkdtempSync(path.join(tmpdir(), `rinsight-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true }));
  const put = (file: string, content: string | Uint8Array): void => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), content);
  };
  const run = async (argv: readonly string[]): Promise<Answer> => {
    const { exit, stdout, stderr, bug } = await runCommand(argv.map((part) => part.replaceAll("@", folder)));
    if (bug !== null) throw bug;
    const lines = argv[0] === "import" && exit === 0 && !argv.includes("--out") ? stdout.trim().split("\n") : [];
    const points = lines.map((line): Point => record.parse(JSON.parse(line)));
    return { exit, said: stderr.replaceAll(`${folder}/`, ""), points, stdout };
  };
  return {
    put,
    run,
    imported: (file, content, ...flags) => {
      put(file, content);
      return run(["import", `@/${file}`, ...flags]);
    },
  };
}

/** One column of points. */
export const column = (points: readonly Point[], name: string): readonly (number | string | undefined)[] =>
  points.map((point) => point[name]);

const fitted = z.object({
  fits: z.array(
    z.object({
      group: z.record(z.string(), z.string()),
      points: z.number(),
      excludedReasons: z.record(z.string(), z.number()),
      parameters: z.record(z.string(), z.object({ estimate: z.number() })),
    }),
  ),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
});
/** The fits of `fit --json`. */
export const fits = (stdout: string): z.infer<typeof fitted> => fitted.parse(JSON.parse(stdout));
