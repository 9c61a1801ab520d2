// The forest plot: each scheme's loss against the baseline's at one budget, with the interval of the one difference and
// the wider one that holds for all of them at once.
import { count, percent, signedDecimal } from "../../base/format.js";
import { lossDifferences } from "../answer.js";
import { drawn } from "../drawn.js";
import type { Chart, Given, Row } from "./chart.js";
import { axis, chartSpec, colour, schemeAxis, shape, strength } from "./parts.js";

const UNIT = { tokens: "tokens", flops: "FLOPs" } as const;
/** Room for "+0.0916 [0.0718, 0.1115]" beside the drawing. */
const NUMBERS = 165;
/** Past so many schemes the numbers stand in the table alone. */
const MOST_NUMBERS = 40;

export function differences({ analysis, palette }: Given): Chart | null {
  const { baseline, budget, rows: known } = lossDifferences(analysis);
  if (known.length === 0 || budget === null) return null;
  const rows = known.map(
    ({ scheme, difference, interval, simultaneous, measured }): Row => ({
      scheme,
      difference: drawn(difference),
      lower: rounded(interval?.lower),
      upper: rounded(interval?.upper),
      simultaneousLower: rounded(simultaneous?.lower),
      simultaneousUpper: rounded(simultaneous?.upper),
      measured: rounded(measured?.difference),
      text: `${signedDecimal(difference, 4)}${simultaneous === null ? "" : ` [${signedDecimal(simultaneous.lower, 4)}, ${signedDecimal(simultaneous.upper, 4)}]`}`,
    }),
  );
  const pairs = known.some(({ measured }) => measured !== null);
  const both = known.some(({ simultaneous }) => simultaneous !== null);
  const long = known.length > 20;
  const step = long ? 16 : 30;
  const y = schemeAxis(
    known.map(({ scheme }) => scheme),
    step,
  );
  const plain = axis("difference", "difference in loss (nats per token)", { format: "~g" });
  // Where the chart scrolls its axis has to be seen first.
  const x = long ? { ...plain, axis: { ...plain.axis, orient: "top" as const } } : plain;
  const tooltip = [
    { field: "scheme", type: "nominal" as const, title: "scheme" },
    { field: "difference", type: "quantitative" as const, title: "difference (nats)", format: ".4f" },
    { field: "lower", type: "quantitative" as const, title: "lower", format: ".4f" },
    { field: "upper", type: "quantitative" as const, title: "upper", format: ".4f" },
    ...(both
      ? [
          { field: "simultaneousLower", type: "quantitative" as const, title: "lower, all at once", format: ".4f" },
          { field: "simultaneousUpper", type: "quantitative" as const, title: "upper, all at once", format: ".4f" },
        ]
      : []),
    ...(pairs ? [{ field: "measured", type: "quantitative" as const, title: "by pairs of runs", format: ".4f" }] : []),
  ];
  const bar = (lower: string, upper: string, width: number, opacity: number) => ({
    mark: { type: "rule" as const, strokeWidth: width },
    encoding: {
      y,
      x: { ...x, field: lower },
      x2: { field: upper },
      color: colour(palette),
      opacity: strength(opacity, palette),
      tooltip,
    },
  });
  const numbers = known.length <= MOST_NUMBERS;
  const beside = numbers ? ", and in numbers where there is room" : "";
  return {
    name: "differences",
    title: `Difference in loss at ${count(budget)} ${UNIT[analysis.comparisonVariable]}`,
    caption: `By the fitted laws; left of 0 is better than ${baseline}. Thick: ${percent(analysis.level)} interval of each difference${
      both ? `; thin${beside}: intervals that hold for all of them at once` : ""
    }${pairs ? "; tick: the mean over pairs of runs, without a law" : ""}.`,
    spec: chartSpec(
      `Difference in validation loss from ${baseline} at ${count(budget)} ${UNIT[analysis.comparisonVariable]} for ${rows.length} schemes, with ${percent(analysis.level)} intervals, the lowest on top; 0 means no difference.`,
      { differences: rows },
      palette,
      [
        {
          data: { values: [{}] },
          mark: { type: "rule", aria: false, strokeWidth: 1, opacity: 0.7 },
          encoding: { x: { datum: 0, type: "quantitative" } },
        },
        ...[
          ...(both ? [bar("simultaneousLower", "simultaneousUpper", 1.2, 0.9)] : []),
          bar("lower", "upper", 4, 0.45),
          {
            mark: { type: "point" as const, filled: true, size: 80 },
            encoding: { y, x, color: colour(palette), shape: shape(palette), opacity: strength(1, palette), tooltip },
          },
          ...(pairs
            ? [
                {
                  mark: { type: "tick" as const, thickness: 2, size: step - 8 },
                  encoding: {
                    y,
                    x: { ...x, field: "measured" },
                    color: colour(palette),
                    opacity: strength(1, palette),
                    tooltip,
                  },
                },
              ]
            : []),
          ...(numbers
            ? [
                {
                  name: "labels_numbers",
                  mark: { type: "text" as const, align: "left" as const, dx: 8, clip: false },
                  encoding: { y, x: { value: "width" as const }, text: { field: "text", type: "nominal" as const } },
                },
              ]
            : []),
        ].map((layer) => ({ data: { name: "differences" }, ...layer })),
      ],
      { height: { step }, right: numbers ? NUMBERS : 0 },
    ),
  };
}

const rounded = (value: number | null | undefined): number | null =>
  value === null || value === undefined ? null : drawn(value);
