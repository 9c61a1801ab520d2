// Loss of one checkpoint by the number of rounds that it is given at inference.
import { mean } from "../../base/mean.js";
import type { Analysis, ReportSource } from "../record.js";
import type { Chart, Given } from "./chart.js";
import { endLabels, labelRoom, spread } from "./end-labels.js";
import { axis, chartSpec, colour, LOSS_TITLE, roomy, shape, strength, ZOOM } from "./parts.js";

export function inferenceRounds({ source, analysis, palette }: Given): Chart | null {
  if (source.rounds.length === 0) return null;
  const labelOf = new Map(source.schemes.map((scheme) => [scheme.name, scheme.label]));
  const rows = lastRounds(source).map((row) => ({ ...row, scheme: labelOf.get(row.scheme) ?? row.scheme }));
  const baseline = baselineLoss(analysis);
  const x = {
    field: "rounds",
    type: "quantitative" as const,
    scale: { zero: false, padding: 12 },
    axis: { title: "rounds at inference", tickMinStep: 1, format: "d" },
  };
  const domain = roomy([...rows.map((row) => row.loss), ...(baseline === null ? [] : [baseline])], false);
  const y = axis("loss", LOSS_TITLE, { domain });
  const ends = palette.styles.flatMap(({ label, prominent }) => {
    const own = rows.filter((row) => row.scheme === label);
    const most = Math.max(...own.map((row) => row.rounds));
    const last = own.filter((row) => row.rounds === most);
    return prominent && last.length > 0 ? [{ scheme: label, y: mean(last.map((row) => row.loss)) }] : [];
  });
  return {
    name: "inference-rounds",
    title: "Loss against rounds at inference",
    caption: `The checkpoints of the largest horizon scored at other numbers of rounds; points are seeds, lines their mean.${
      baseline === null ? "" : " Dotted: the baseline's mean at its largest horizon."
    }`,
    spec: chartSpec(
      `Validation loss of recursive schemes against the number of rounds applied at inference, ${rows.length} points.`,
      { rounds: rows, baseline: baseline === null ? [] : [{ loss: baseline }], labels: spread(ends, domain, false) },
      palette,
      [
        {
          data: { name: "rounds" },
          mark: { type: "line", strokeWidth: 1.6 },
          encoding: { x, y: { ...y, aggregate: "mean" }, color: colour(palette), opacity: strength(0.7, palette) },
        },
        { data: { name: "baseline" }, mark: { type: "rule", aria: false, strokeDash: [2, 3] }, encoding: { y } },
        {
          data: { name: "rounds" },
          params: ZOOM,
          mark: { type: "point", filled: true, size: 44 },
          encoding: {
            x,
            y,
            color: colour(palette),
            shape: shape(palette),
            opacity: strength(0.9, palette),
            tooltip: [
              { field: "scheme", type: "nominal", title: "scheme" },
              { field: "run", type: "nominal", title: "run" },
              { field: "seed", type: "nominal", title: "seed" },
              { field: "rounds", type: "quantitative", title: "rounds" },
              {
                field: "inferenceFlopsPerToken",
                type: "quantitative",
                title: "inference FLOPs per token",
                format: ".3s",
              },
              { field: "loss", type: "quantitative", title: "loss (nats per token)", format: ".4f" },
            ],
          },
        },
        ...endLabels(palette, y),
      ],
      { right: labelRoom(palette) },
    ),
  };
}

/** Each scheme's checkpoints at its own largest horizon. */
function lastRounds(source: ReportSource): ReportSource["rounds"] {
  const largest = new Map<string, number>();
  for (const { scheme, tokens } of source.rounds) largest.set(scheme, Math.max(tokens, largest.get(scheme) ?? 0));
  return source.rounds.filter((row) => row.tokens === largest.get(row.scheme));
}

/** The baseline has nothing to repeat, so it stands as a line: only where it is the cheapest scheme. */
function baselineLoss(analysis: Analysis): number | null {
  const first = analysis.schemes[0];
  return first?.costFactor === 1 ? (first.largest?.loss ?? null) : null;
}
