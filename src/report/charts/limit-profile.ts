// How far the data pin the limit down: t² of each value of it, the other parameters refitted.
import { percent } from "../../base/format.js";
import type { Chart, Given } from "./chart.js";
import { axis, chartSpec, colour, LINE, strength, ZOOM } from "./parts.js";

export function limitProfile({ source, analysis, palette }: Given): Chart | null {
  if (analysis.profiles.length === 0) return null;
  const labelOf = new Map(source.schemes.map((scheme) => [scheme.name, scheme.label]));
  const rows = analysis.profiles.map((row) => ({ ...row, scheme: labelOf.get(row.scheme) ?? row.scheme }));
  const cutoffs = analysis.profileCutoffs.flatMap((cutoff) => cutoff ?? []);
  const cutoff = cutoffs.length === 0 ? null : Math.max(...cutoffs);
  return {
    name: "limit-profile",
    title: "Profile over the limit",
    caption: `How much worse the fit becomes when the limit is held elsewhere. Where a curve stays under the line, that limit cannot be excluded at ${percent(analysis.level)}; a curve that never rises on the left leaves the limit open.`,
    spec: chartSpec(
      `Profile statistic of the limit for ${palette.labels.length} schemes${cutoff === null ? "" : ", with the line that bounds the interval"}.`,
      { profile: rows, cutoff: cutoff === null ? [] : [{ cutoff }] },
      palette,
      [
        {
          data: { name: "profile" },
          params: ZOOM,
          mark: { type: "line", strokeWidth: 2, clip: true },
          encoding: {
            x: axis("limit", "limit E held at (nats per token)"),
            y: {
              field: "statistic",
              type: "quantitative",
              scale: cutoff === null ? { zero: true } : { domain: [0, 4 * cutoff] },
              axis: { title: "profile statistic t²" },
            },
            color: colour(palette, true),
            opacity: strength(LINE.inside, palette),
          },
        },
        {
          data: { name: "cutoff" },
          mark: { type: "rule", aria: false, strokeDash: [2, 3] },
          encoding: { y: { field: "cutoff", type: "quantitative" } },
        },
      ],
    ),
  };
}
