// rinsight fractal --runs: what recursion gained on the texts, beside the exponents of their surprisals.
import path from "node:path";
import { InputError, shown } from "../base/errors.js";
import { decimal, significant } from "../base/format.js";
import { baselineIndex } from "../compare/baseline.js";
import { observe } from "../curve/observe.js";
import { readTable } from "../curve/read/read-table.js";
import { groupName } from "../fit/problem/columns.js";
import { gainStudy, type TextRuns } from "../fractal/gain.js";
import type { FractalAnalysis, Gain, GainStudy } from "../fractal/record.js";
import { TITLES } from "../report/fractal/charts.js";
import { intervalText } from "../report/interval-text.js";

/** A folder a text, named as its group: runs of a baseline and one scheme at the same budgets of FLOPs. */
export async function gains(folders: readonly string[], analysis: FractalAnalysis): Promise<GainStudy> {
  const texts: TextRuns[] = [];
  const schemes = new Set<string>();
  for (const folder of folders) {
    const group = path.basename(folder);
    const { table } = await readTable([folder]);
    const { groups } = observe(table, ["x"], { x: "flops" });
    const names = groups.map(groupName);
    const place = names.length === 2 ? baselineIndex(names, null) : -1;
    const [baseline, scheme] = [groups[place], groups[1 - place]];
    if (baseline === undefined || scheme === undefined) {
      throw new InputError(
        `fractal --runs ${shown(folder)}: there must be a baseline and one scheme, got ${names.length} schemes; give a folder that holds two`,
      );
    }
    schemes.add(groupName(scheme));
    texts.push({ group, baseline, scheme });
  }
  const [scheme = "", ...others] = schemes;
  if (others.length > 0) {
    throw new InputError(
      `fractal --runs: every folder must hold the same scheme beside the baseline, got ${[...schemes].map(shown).join(", ")}; give folders of one plan`,
    );
  }
  return gainStudy(analysis, texts, scheme);
}

export function gainText({ scheme, gains: all, ties }: GainStudy): string {
  const largest = Math.max(...all.map(({ budget }) => budget));
  const line = ({ group, budget, gain, interval, pairs, share }: Gain) =>
    `  ${group.padEnd(18)} ${significant(budget, 3).padStart(8)}  ${decimal(gain, 4).padStart(7)} ${intervalText(interval, 4)}  ${decimal(100 * share, 1)}% of its loss, ${pairs} pairs`;
  const tie = ({ statistic, budget, of, correlation }: GainStudy["ties"][number]) =>
    correlation === null
      ? []
      : [
          `  with ${TITLES[statistic].name}, ${of === "gain" ? "nats" : "share"}, ${significant(budget, 3)}${
            budget === largest ? " (largest)" : ""
          }: ρ ${decimal(correlation.rho, 2)}, p ${decimal(correlation.pValue, 3)}; orders at random ${decimal(correlation.unrelated[0], 2)} to ${decimal(correlation.unrelated[1], 2)}`,
        ];
  const lines = ties.flatMap(tie);
  return [
    `gain of ${scheme} over the baseline at equal training FLOPs, nats (text, FLOPs, gain, interval over pairs)`,
    ...all.map(line),
    lines.length === 0
      ? "fewer than 4 texts have no rank correlation"
      : "rank correlation of the gain with an exponent, over texts (one-sided p):",
    ...lines,
    "",
  ].join("\n");
}
