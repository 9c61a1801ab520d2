// What a report on sizes says: the answer, the doubts that touch it, the methods.
import { fixed, percent, significant } from "../../base/format.js";
import type { Allocation } from "../../forecast/allocation.js";
import { quantityText } from "../../forecast/allocation-sentences.js";
import type { ChecklistItem } from "../checklist.js";
import type { Verdict, weighedDoubts } from "../sentences.js";
import type { Family, SurfaceAnalysis } from "./record.js";

const named = ({ families }: SurfaceAnalysis, { label }: Family, text: string): string =>
  families.length === 1 ? text : `${label}: ${text}`;

export function surfaceVerdict(analysis: SurfaceAnalysis): Verdict {
  const answers = analysis.families.map((family) => {
    const { allocation, failure } = family;
    return named(analysis, family, allocation === null ? `${failure}.` : (allocation.sentences[0] ?? ""));
  });
  const answer = `${answers.join(" ")} (n = ${analysis.points.fitted} runs.)`;
  return {
    headline: answer,
    beneath: [],
    answer,
    evidence: analysis.families
      .flatMap((family) => (family.allocation === null ? [] : [named(analysis, family, evidence(family.allocation))]))
      .join(" "),
  };
}

/** "Approach 3: N* ∝ C^a with a = .46 [.41, .51]; approach 2: …". */
function evidence({ surface, valleys, envelope }: Allocation): string {
  const told = [
    ["approach 3 (law in N and D)", surface],
    ["approach 2 (IsoFLOP valleys)", valleys],
    ["approach 1 (envelope)", envelope],
  ] as const;
  const lines = told.map(([name, answer]) => {
    if (answer.kind === "unavailable") return `${name}: none, since ${answer.reason}`;
    const { exponents } = answer.value;
    if (exponents === null) return `${name}: no line through its minima`;
    return `${name}: a = ${quantityText(exponents.parameters, significant)}, b = ${quantityText(exponents.tokens, significant)}`;
  });
  return `N* ∝ C^a and D* ∝ C^b by ${lines.join("; by ")}.`;
}

/** Sentences after the answer, and where the approaches disagree. */
export function surfaceSentences(analysis: SurfaceAnalysis): readonly string[] {
  return analysis.families.flatMap((family) =>
    (family.allocation?.sentences.slice(1) ?? []).map((text) => named(analysis, family, text)),
  );
}

/** Doubts that touch the answer itself, whatever else holds. */
const DECIDING = /^(?:fixed-ratio|few-budgets|surface-|limit-not-identified|residuals-structured|few-points)/;

export function surfaceDoubts(analysis: SurfaceAnalysis): ReturnType<typeof weighedDoubts> {
  const lines = (of: (code: string) => boolean) =>
    analysis.families.flatMap((family) =>
      (family.allocation?.warnings ?? [])
        .filter(({ code }) => of(code))
        .map(({ code, message }) => named(analysis, family, `${code}: ${message}`)),
    );
  const deciding = lines((code) => DECIDING.test(code));
  const disagreements = surfaceSentences(analysis).filter((text) => text.includes("disagree by more"));
  return { beside: [...disagreements, ...deciding], deciding, others: lines((code) => !DECIDING.test(code)) };
}

export function surfaceChecklist(analysis: SurfaceAnalysis): readonly ChecklistItem[] {
  const allocations = analysis.families.flatMap(({ allocation }) => allocation ?? []);
  const [first] = allocations;
  const { read, fitted, excluded } = analysis.points;
  const misfit = Math.max(0, ...allocations.map(({ compute }) => compute.misfit));
  const left = excluded.map(({ reason, points }) => `${points} points ${reason}`);
  return [
    {
      question: "Law",
      answer:
        first?.surface.kind === "answer"
          ? `${analysis.law}: L = ${first.surface.value.fit.formula}`
          : `${analysis.law}, which could not be fitted`,
    },
    {
      question: "Points",
      answer: `${fitted} runs fitted of ${read} read, ${analysis.families.length} families of sizes`,
    },
    {
      question: "Compute",
      answer:
        first?.compute.kind === "column"
          ? `C = ${significant(first.compute.factor, 3)}·N^${significant(first.compute.power, 3)}·D through the column of FLOPs, off by ${percent(Number(fixed(misfit, 3)))} at most`
          : "C = 6·N·D",
    },
    {
      question: "Conventions",
      answer:
        "N counts parameters as the column does; D counts training tokens with repeats; C counts training FLOPs forward and backward; loss is validation cross-entropy in nats per token",
    },
    { question: "Left out", answer: left.length === 0 ? "nothing" : left.join("; ") },
    {
      question: "Approaches",
      answer:
        "3: least squares on log loss of the law, minimised along the budget in closed form; 2: valleys of the law's own shape along each budget, a robust line through their minima; 1: switches of the lower envelope of training curves (arXiv 2203.15556, §3)",
    },
    {
      question: "Intervals",
      answer: `${percent(analysis.level)}, by the delta method from the engine's covariance of parameters, t with its degrees of freedom`,
    },
  ];
}
