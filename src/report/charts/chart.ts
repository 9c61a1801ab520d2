// What a chart is, to those who make one and those who show one: plain JSON at the border. Vega-Lite's own types stand
// inside alone (layer.ts): its declarations do not check everywhere that ours have to.
import type { Analysis, ReportSource } from "../record.js";
import type { Palette } from "./palette.js";

export type Row = Readonly<Record<string, string | number | boolean | null>>;
/** Vega-Lite as plain JSON; the rows that its layers name stand in `datasets`. */
export interface Spec extends Readonly<Record<string, unknown>> {
  readonly datasets: Readonly<Record<string, readonly Row[]>>;
}

/** A chart as the page, the twin and the folder take it. */
export interface Chart {
  /** File name stem: "loss-tokens". */
  readonly name: string;
  readonly title: string;
  /** One sentence under the chart: what is drawn how. */
  readonly caption: string;
  /** Vega-Lite, one view of layers; data sets by name stand in `datasets`. */
  readonly spec: Spec;
}

/** What every chart of a report is drawn from. */
export interface Given {
  readonly source: ReportSource;
  readonly analysis: Analysis;
  readonly palette: Palette;
}

/** A chart from what was read and concluded; null where its data are absent. */
export type Draw = (given: Given) => Chart | null;
