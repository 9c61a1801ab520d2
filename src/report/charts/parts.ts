// What every chart shares: one colour and shape a scheme, axis titles with units, tooltips, selections, themes.
// Charts are plain Vega-Lite JSON; data only ever stands in data values and scale domains, never in an expression.

export type Spec = Readonly<Record<string, unknown>>;
export type Row = Readonly<Record<string, string | number | boolean | null>>;

/** A chart as the page, the twin and the folder take it. */
export interface Chart {
  /** File name stem: "loss-tokens". */
  readonly name: string;
  readonly title: string;
  /** One sentence under the chart: what is drawn how. */
  readonly caption: string;
  readonly spec: Spec;
}

export const SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json";
export const WIDTH = 640;
export const HEIGHT = 340;

// Okabe & Ito (2008), without the yellow that vanishes on white and the black that vanishes on dark; grey, for the
// baseline, comes first. Shapes repeat the message for print and for those who see no colour.
const COLOURS = ["#7a7a7a", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#a6761d"];
const SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right"];

export const colourOf = (order: number): string => COLOURS[order % COLOURS.length] ?? "#7a7a7a";
export const shapeOf = (order: number): string => SHAPES[order % SHAPES.length] ?? "circle";

/** Legend and colour by scheme; `labels` in scheme order, so that a scheme keeps its colour in every chart. */
export function colour(labels: readonly string[], legend = true): Spec {
  return {
    field: "scheme",
    type: "nominal",
    scale: { domain: labels, range: labels.map((_, order) => colourOf(order)) },
    legend: legend ? { title: null } : null,
  };
}

export function shape(labels: readonly string[], legend = true): Spec {
  return {
    field: "scheme",
    type: "nominal",
    scale: { domain: labels, range: labels.map((_, order) => shapeOf(order)) },
    legend: legend ? { title: null } : null,
  };
}

/** A click on the legend isolates a scheme (shift adds one, a double click shows all again). */
export const PICK: Spec = { name: "pick", select: { type: "point", fields: ["scheme"] }, bind: "legend" };
/** Drag moves; the wheel zooms with shift held, so that the page still scrolls; a double click resets. */
export const ZOOM: Spec = {
  name: "zoom",
  select: { type: "interval", zoom: "wheel![event.shiftKey]" },
  bind: "scales",
};
export const picked = (opacity: number): Spec => ({ condition: { param: "pick", value: opacity }, value: 0.06 });

export const LOSS_TITLE = "validation loss (nats per token)";
export const BUDGET_TITLE = { tokens: "training tokens D", flops: "training compute C (FLOPs)" } as const;

/** A quantitative channel with its title and unit. */
export function axis(field: string, title: string, options: { log?: boolean; format?: string } = {}): Spec {
  return {
    field,
    type: "quantitative",
    scale: options.log === true ? { type: "log", nice: false, padding: 12 } : { zero: false, padding: 12 },
    axis: {
      title,
      ...(options.format === undefined ? {} : { format: options.format }),
      ...(options.log === true ? { tickCount: 5 } : {}),
    },
  };
}

export const POINT_TOOLTIP: readonly Spec[] = [
  { field: "scheme", type: "nominal", title: "scheme" },
  { field: "run", type: "nominal", title: "run" },
  { field: "seed", type: "nominal", title: "seed" },
  { field: "tokens", type: "quantitative", title: "tokens", format: ".4s" },
  { field: "flops", type: "quantitative", title: "FLOPs", format: ".3e" },
  { field: "loss", type: "quantitative", title: "loss (nats per token)", format: ".4f" },
];

/** A derived number for drawing, at 7 significant digits: keeps specs small and free of the last bits of Math.pow. */
export const drawn = (value: number): number => Number(value.toPrecision(7));

/** Static files: white ground and one bundled font, so that the picture is the same on every machine. */
export const STATIC_THEME: Spec = theme("#222222", "DejaVu Sans", "#ffffff");
/** The page: colours follow the text colour of the page, hence light, dark and print by style sheet alone. */
export const PAGE_THEME: Spec = theme("currentColor", "system-ui, sans-serif", null);

function theme(ink: string, font: string, background: string | null): Spec {
  return {
    background,
    font,
    view: { stroke: null },
    axis: {
      labelColor: ink,
      titleColor: ink,
      domainColor: ink,
      tickColor: ink,
      gridColor: ink,
      gridOpacity: 0.12,
      labelFontSize: 11,
      titleFontSize: 12,
      titleFontWeight: "normal",
      labelLimit: 300,
      labelOverlap: true,
    },
    legend: {
      labelColor: ink,
      titleColor: ink,
      orient: "top",
      direction: "horizontal",
      columns: 3,
      labelFontSize: 11,
      labelLimit: 300,
      symbolOpacity: 1,
      symbolSize: 80,
    },
    title: { color: ink, fontSize: 12, fontWeight: "normal", anchor: "start" },
    header: { labelColor: ink, titleColor: ink },
    text: { color: ink },
    rule: { color: ink },
  };
}

/** The frame of a chart: schema, alternative text, data sets by name, and what is drawn. */
export function chartSpec(
  description: string,
  datasets: Readonly<Record<string, readonly Row[]>>,
  drawing: Spec,
  size = true,
): Spec {
  return {
    $schema: SCHEMA,
    description,
    config: STATIC_THEME,
    ...(size ? { width: WIDTH, height: HEIGHT } : {}),
    datasets,
    ...drawing,
  };
}
