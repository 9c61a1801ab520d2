// `rinsight` alone on a terminal: what it is and the three commands one needs first, on the user's own files where the
// folder has any.
import { readdirSync } from "node:fs";

const TABLE = /\.(?:csv|tsv|jsonl|ndjson|parquet)(?:\.gz)?$/i;
const PLAIN_NAME = /^[\w.@%+,/-]+$/;

export function welcome(folder: string): string {
  const own = tableIn(folder);
  const file = own ?? "curves.csv";
  const commands = [
    [`rinsight fit ${file}`, "a scaling law to each scheme's points, with intervals and doubts"],
    [
      `rinsight report ${file} --out reports/mine`,
      "a page: who is better at equal compute, and whether that can be told",
    ],
    ["rinsight demo", "no curves yet: train a few small models and read their report, in minutes"],
  ] as const;
  const width = Math.max(...commands.map(([command]) => command.length));
  const lines = commands.map(([command, says]) => `  ${command.padEnd(width)}  ${says}`);
  const needs =
    own === null
      ? "A table needs a column of tokens or FLOPs, one of loss, and one that names the scheme."
      : `${own} was found in this folder.`;
  return `rinsight: scaling laws of recursive-depth models, with intervals that can be trusted\n\n${lines.join("\n")}\n\n${needs} rinsight --help lists every command.\n`;
}

/** The first table of a folder whose name needs no quotes; null where there is none, or the folder cannot be read. */
function tableIn(folder: string): string | null {
  try {
    return (
      readdirSync(folder)
        .sort()
        .find((name) => TABLE.test(name) && PLAIN_NAME.test(name)) ?? null
    );
  } catch {
    return null;
  }
}
