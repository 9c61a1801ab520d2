// The methods checklist that reviewers ask for, filled in from the analysis itself.
import { fixed, percent, significant } from "../base/format.js";
import { detailed, MOST_IN_DETAIL } from "./detail.js";
import type { Analysis, InputFile } from "./record.js";
import { failureLines } from "./sentences.js";

export interface ChecklistItem {
  readonly question: string;
  readonly answer: string;
}

export function checklist(analysis: Analysis, inputs: readonly InputFile[], seed: number): readonly ChecklistItem[] {
  const fits = analysis.fits.flatMap((fit) => fit ?? []);
  const first = fits[0];
  const { comparison, points } = analysis;
  const spreads = fits.flatMap((fit) => fit.startSpread ?? []);
  const list = (parts: readonly string[], none: string) => (parts.length === 0 ? none : parts.join("; "));
  const heldOut = analysis.heldOut.filter((row) => row.law === first?.law);
  const worst = heldOut.reduce((most, row) => Math.max(most, row.relativeError), 0);
  return [
    {
      question: "Law",
      answer:
        first === undefined
          ? "no scheme could be fitted"
          : `${first.law}: L = ${first.formula}, ${Object.keys(first.parameters).length} parameters a scheme`,
    },
    {
      question: "Points and scales",
      answer: `${points.fitted} points fitted of ${points.read} read, ${points.distinctBudgets} distinct values of ${analysis.variable} over ${fixed(points.decades, 2)} decades, ${analysis.schemes.length} schemes`,
    },
    {
      question: "Conventions",
      answer: `fitted against ${analysis.variable}, compared at equal ${analysis.comparisonVariable}; D counts training tokens with repeats; N counts unique trained parameters; C counts training FLOPs forward and backward, each block as often as it is applied, attention and head in it; loss is validation cross-entropy in nats per token`,
    },
    {
      question: "Left out",
      answer: list(
        [
          ...points.excluded.map(({ reason, points: n }) => `${n} points ${reason}`),
          ...analysis.excludedRuns.map(({ run, reason }) => `run ${run} ${reason}`),
          ...failureLines(analysis),
        ],
        "nothing",
      ),
    },
    {
      question: "Schedule state of the points",
      answer: points.excluded.some(({ reason }) => reason === "undecayed")
        ? "ends of cool-down branches alone; points of the trunk are drawn and not fitted"
        : "every point as given; the source tags no point as undecayed",
    },
    {
      question: "Objective and starts",
      answer: `least squares on log loss, multi-start; largest spread of the objective over starts ${spreads.length === 0 ? "–" : significant(Math.max(...spreads), 2)}`,
    },
    {
      question: "Status",
      answer: list(
        [...new Set(fits.map((fit) => fit.status))].map(
          (status) => `${fits.filter((fit) => fit.status === status).length} ${status}`,
        ),
        "–",
      ),
    },
    {
      question: "Intervals",
      answer: `${list([...new Set(fits.flatMap((fit) => Object.values(fit.parameters).flatMap((p) => p.interval?.method ?? [])))], "–")} at ${percent(analysis.level)}; ${
        comparison === null
          ? "no comparison"
          : `differences and multipliers: t by ${comparison.clusters.by}${
              comparison.bootstrap.replicates === 0
                ? ""
                : `; P(better): ${comparison.bootstrap.replicates} ${comparison.bootstrap.method} replicates by ${comparison.bootstrap.unit}, ${comparison.bootstrap.failed} failed`
            }`
      }; seed ${seed}`,
    },
    {
      question: "Held-out error",
      answer:
        heldOut.length === 0
          ? "–: too few scales for expanding windows"
          : `${heldOut.length} extrapolations, largest error ${fixed(100 * worst, 2)}% of the loss`,
    },
    {
      question: "Detail",
      answer: detailed(analysis)
        ? "all charts that these data hold"
        : `of more than ${MOST_IN_DETAIL} schemes what is read one by one is left out: bootstrap, multiplier curves, joint regions, profiles, held-out errors, residuals; for these make a report of fewer`,
    },
    {
      question: "Multiplicity",
      answer:
        comparison === null
          ? "–: no comparison"
          : `verdicts on pairs of schemes: Holm over ${comparison.attribution.pairs.length} at level ${comparison.attribution.alpha}; differences from the baseline: single-step max-t over the schemes of a quantity, with simultaneous intervals`,
    },
    {
      question: "Versions and hashes",
      answer: list(
        [
          ...Object.entries(analysis.provenance).map(([name, values]) => `${name} ${values.join(", ")}`),
          `${inputs.length} input files, by SHA-256 in manifest.json`,
        ],
        "–",
      ),
    },
  ];
}
