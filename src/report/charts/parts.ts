// What charts are put together from: axes with readable ticks, colour and shape by scheme, marking, labels at line ends.
// Data only ever stand in data values and scale domains, never in an expression.

import type { LayerSpec } from "vega-lite/types_unstable/spec/index.js";
import { extent } from "../../base/extent.js";
import { drawn } from "../drawn.js";
import type { Row, Spec } from "./chart.js";
import type { Layer } from "./layer.js";
import { MARKED, type Palette } from "./palette.js";
import { STATIC_THEME } from "./theme.js";

export const SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json";
export const WIDTH = 640;
export const HEIGHT = 360;

export const LOSS_TITLE = "validation loss (nats per token)";
export const BUDGET_TITLE = { tokens: "training tokens D", flops: "training compute C (FLOPs)" } as const;

/** k, M, G and T up to 10^15, powers of ten from there: "300G", "3·10¹⁸". */
const SUPERSCRIPTS = [..."⁰¹²³⁴⁵⁶⁷⁸⁹"].reduce(
  (text, sign, digit) => `replace(${text}, regexp('${digit}', 'g'), '${sign}')`,
  "split(format(datum.value, '.2~e'), 'e+')[1]",
);
const BUDGET_LABEL = `datum.value < 1e15 ? format(datum.value, '.3~s') : replace(split(format(datum.value, '.2~e'), 'e+')[0] + '·10', regexp('^1·'), '') + ${SUPERSCRIPTS}`;

/** A quantitative channel; `format` is d3's. */
export function axis(
  field: string,
  title: string,
  { format, domain }: { format?: string; domain?: readonly [number, number] } = {},
) {
  return {
    field,
    type: "quantitative" as const,
    scale: { zero: false, nice: false, ...(domain === undefined ? { padding: 12 } : { domain: [...domain] }) },
    axis: { title, tickCount: 6, ...(format === undefined ? {} : { format }) },
  };
}

/** Row by row, the schemes from the top down; where rows are high a long label has its signature on a second line. */
export const schemeAxis = (domain: readonly string[], step: number) => ({
  field: "scheme",
  type: "nominal" as const,
  scale: { domain: [...domain] },
  axis: {
    title: null,
    domain: false,
    ticks: false,
    labelOverlap: false as const,
    ...(step < 2 * LABEL_LINE
      ? {}
      : {
          labelExpr: `${IS_LONG} ? split(replace(datum.label, ${SIGNATURE}, '\\n$1'), '\\n') : datum.label`,
          labelOffset: { condition: { test: IS_LONG, value: -LABEL_LINE / 2 }, value: 0 },
        }),
  },
});
const LABEL_LINE = 13;
const SIGNATURE = "regexp(' (\\\\(.*\\\\))$')";
const IS_LONG = `length(datum.value) > 22 && test(${SIGNATURE}, datum.value)`;

/**
 * A logarithmic channel over `domain`, with ticks at 1, 2 and 5 times powers of ten, at the powers over a wide range, and
 * closer over a narrow one.
 */
export function logAxis(field: string, title: string, domain: readonly [number, number], labelExpr?: string) {
  const [low, high] = [Math.log10(domain[0]), Math.log10(domain[1])];
  const steps = high - low > 4 ? [1] : high - low > 0.5 ? [1, 2, 5] : CLOSE_STEPS;
  // Beyond the domain too, for those who zoom out.
  const powers = Array.from({ length: Math.ceil(high - low) + 3 }, (_, k) => Math.floor(low) - 1 + k);
  return {
    field,
    type: "quantitative" as const,
    scale: { type: "log" as const, nice: false, domain: [...domain] },
    axis: {
      title,
      values: powers.flatMap((power) => steps.map((step) => Number(`${step}e${power}`))),
      ...(labelExpr === undefined ? { format: "~g" } : { labelExpr }),
    },
  };
}

const CLOSE_STEPS = [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9];

/** Tokens or FLOPs on a logarithmic axis that holds `values`. */
export const budgetAxis = (field: string, variable: "tokens" | "flops", values: readonly (number | null)[]) =>
  logAxis(
    field,
    BUDGET_TITLE[variable],
    roomy(
      values.filter((value) => value !== null),
      true,
      0.03,
    ),
    BUDGET_LABEL,
  );

/** Smallest and largest of the values with a share of room on both sides, in the scale's own measure. */
export function roomy(values: readonly number[], log: boolean, room = 0.05): readonly [number, number] {
  const of = log ? Math.log10 : (value: number) => value;
  const [least, largest] = extent(values);
  const [low, high] = [of(least), of(largest)];
  const extra = (high - low || Math.abs(high) || 1) * room;
  const back = (value: number) => drawn(log ? 10 ** value : value);
  return [back(low - extra), back(high + extra)];
}

const IS_MARKED = "mark === datum.scheme";

/**
 * For charts whose marks have no end to be named at; a crowd has no legend. Its values are asked of the scale: Vega-Lite
 * would write the names into an expression, where Vega takes "constructor" for a variable.
 */
const legendOf = (crowded: boolean, legend: boolean) =>
  legend && !crowded ? { title: null, values: { expr: "domain('color')" } } : null;

/** Colour by scheme, everywhere the same; among greys the marked one takes a colour. */
export function colour({ styles, labels, crowded }: Palette, legend = false) {
  const scheme = {
    field: "scheme",
    type: "nominal" as const,
    scale: { domain: [...labels], range: styles.map((style) => style.colour) },
    legend: legendOf(crowded, legend),
  };
  return crowded ? { condition: { test: IS_MARKED, value: MARKED }, ...scheme } : scheme;
}

export function shape({ styles, labels, crowded }: Palette, legend = false) {
  return {
    field: "scheme",
    type: "nominal" as const,
    scale: { domain: [...labels], range: styles.map((style) => style.shape) },
    legend: legendOf(crowded, legend),
  };
}

/** Full strength for the marked scheme, or for all while none is marked; in a crowd the unmarked rest stays faint. */
export function strength(value: number, { crowded }: Palette) {
  const faded = 0.1 * value;
  if (!crowded) return { condition: { test: `mark === null || ${IS_MARKED}`, value }, value: drawn(faded) };
  return {
    condition: [
      { test: IS_MARKED, value: Math.min(1, 1.2 * value) },
      { test: "indexof(rest, datum.scheme) >= 0", value: drawn(0.35 * value) },
      { test: "mark === null", value },
    ],
    value: drawn(faded),
  };
}

/** Opacity of bands, lines and points; what is extrapolated is fainter. */
export const BAND = { inside: 0.16, beyond: 0.07 } as const;
export const LINE = { inside: 0.95, beyond: 0.5 } as const;
export const DASH = [5, 4];

export const POINT_TOOLTIP = [
  { field: "scheme", type: "nominal" as const, title: "scheme" },
  { field: "run", type: "nominal" as const, title: "run" },
  { field: "seed", type: "nominal" as const, title: "seed" },
  { field: "tokens", type: "quantitative" as const, title: "tokens", format: ".4s" },
  { field: "flops", type: "quantitative" as const, title: "FLOPs", format: ".3e" },
  { field: "loss", type: "quantitative" as const, title: "loss (nats per token)", format: ".4f" },
];

/** Drag moves; the wheel zooms with shift held, so that the page still scrolls; a double click resets. */
export const ZOOM: LayerParams = [
  { name: "zoom", select: { type: "interval", zoom: "wheel![event.shiftKey]" }, bind: "scales" },
];
type LayerParams = NonNullable<Extract<Layer, { mark: unknown }>["params"]>;

/**
 * The frame of a chart: schema, alternative text, data sets by name, the layers, and `mark`: the scheme that the reader
 * looks at, null for none; `rest` are the grey ones of a crowd. `right` is the room for labels
 * beside the drawing.
 */
export function chartSpec(
  description: string,
  datasets: Readonly<Record<string, readonly Row[]>>,
  palette: Palette,
  layer: readonly Layer[],
  { height = HEIGHT, right = 0 }: { height?: number | { step: number }; right?: number } = {},
): Spec {
  const drawing: LayerSpec<string> = { height, layer: [...layer] };
  return {
    $schema: SCHEMA,
    description,
    config: STATIC_THEME,
    width: WIDTH - right,
    datasets,
    params: [
      { name: "mark", value: null },
      ...(palette.crowded
        ? [{ name: "rest", value: palette.styles.flatMap(({ prominent, label }) => (prominent ? [] : label)) }]
        : []),
    ],
    ...drawing,
  };
}
