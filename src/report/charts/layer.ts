// A layer of a chart, in Vega-Lite's own words.
import type { LayerSpec } from "vega-lite/types_unstable/spec/index.js";

export type Layer = LayerSpec<string>["layer"][number];
