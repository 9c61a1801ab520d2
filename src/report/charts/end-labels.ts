// The names of the schemes at the ends of their lines, in place of a legend: moved apart where lines end together.
import { drawn } from "../drawn.js";
import type { Row } from "./chart.js";
import type { Layer } from "./layer.js";
import type { Palette } from "./palette.js";
import { colour, HEIGHT, shape } from "./parts.js";

/** Least distance of two names in pixels. */
const LEAST = 14;
const MOST_ROOM = 250;
/** A character of the label font, and the mark before the name. */
const CHARACTER = 6.6;
const MARK = 20;

export interface End {
  readonly scheme: string;
  readonly y: number;
}

/** Pixels to the right of a drawing that names its schemes. */
export function labelRoom({ styles }: Palette): number {
  const longest = Math.max(0, ...styles.filter((style) => style.prominent).map((style) => style.label.length));
  return Math.round(Math.min(MOST_ROOM, longest * CHARACTER + MARK));
}

/** `ends` with y moved so that names stand apart, top to bottom, on a scale over `domain`, linear or logarithmic. */
export function spread(ends: readonly End[], domain: readonly [number, number], log: boolean): readonly Row[] {
  const of = log ? Math.log : (value: number) => value;
  const [low, high] = [of(domain[0]), of(domain[1])];
  const pixel = (y: number) => HEIGHT * (1 - (of(y) - low) / (high - low));
  const value = (place: number) => low + (1 - place / HEIGHT) * (high - low);
  const sorted = [...ends].sort((one, other) => pixel(one.y) - pixel(other.y));
  const places: number[] = [];
  for (const { y } of sorted) places.push(Math.max(pixel(y), (places.at(-1) ?? Number.NEGATIVE_INFINITY) + LEAST));
  // What was pushed below the drawing pushes its neighbours up again.
  for (let i = places.length - 1, floor = HEIGHT; i >= 0; i--) {
    places[i] = Math.min(places[i] ?? 0, floor);
    floor = (places[i] ?? 0) - LEAST;
  }
  return sorted.map(({ scheme }, i) => {
    const y = value(places[i] ?? 0);
    return { scheme, y: drawn(log ? Math.exp(y) : y) };
  });
}

/** The layers that draw the data set "labels" of such rows; named after it, so that a narrow page can leave them out. */
export function endLabels(palette: Palette, y: object): readonly Layer[] {
  const place = { ...y, field: "y", type: "quantitative" as const };
  return [
    {
      name: "labels_marks",
      data: { name: "labels" },
      mark: { type: "point", filled: true, size: 46, xOffset: 9, clip: false },
      encoding: { x: { value: "width" }, y: place, color: colour(palette), shape: shape(palette) },
    },
    {
      name: "labels_names",
      data: { name: "labels" },
      mark: { type: "text", align: "left", baseline: "middle", dx: 17, limit: MOST_ROOM - MARK, clip: false },
      encoding: { x: { value: "width" }, y: place, text: { field: "scheme", type: "nominal" } },
    },
  ];
}
