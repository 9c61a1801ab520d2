// A line chart in characters, for a terminal: one letter a series, x logarithmic, the lowest y at the foot.
import { extent } from "../base/extent.js";
export interface Series {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Lines of text: the drawing with its axes, then the letters. `x` and `y` print the ends of the axes. */
export function characterChart(
  series: readonly Series[],
  x: (value: number) => string,
  y: (value: number) => string,
  { width, height }: ChartSize = { width: 60, height: 14 },
): readonly string[] {
  const shown = series.slice(0, LETTERS.length);
  const all = shown.flatMap(({ points }) => points);
  if (all.length === 0) return [];
  const [left, right] = extent(all.map((one) => one.x));
  const [low, high] = extent(all.map((one) => one.y));
  const grid = Array.from({ length: height }, () => Array.from({ length: width }, () => " "));
  // Backwards, so that the first series stands in front.
  shown.toReversed().forEach(({ points }, back) => {
    for (const point of points) {
      const column = Math.round(((width - 1) * Math.log(point.x / left)) / (Math.log(right / left) || 1));
      const row = Math.round(((height - 1) * (high - point.y)) / (high - low || 1));
      const line = grid[row];
      if (line !== undefined) line[column] = LETTERS[shown.length - 1 - back] ?? "?";
    }
  });
  const labels = [y(high), y(low)];
  const margin = Math.max(...labels.map((label) => label.length));
  const rows = grid.map((line, row) => {
    const label = row === 0 ? labels[0] : row === height - 1 ? labels[1] : "";
    return `${(label ?? "").padStart(margin)} │${line.join("").trimEnd()}`;
  });
  const ends = `${x(left)}${x(right).padStart(width - x(left).length)}`;
  return [
    ...rows,
    `${" ".repeat(margin)} └${"─".repeat(width)}`,
    `${" ".repeat(margin + 2)}${ends}`,
    ...shown.map(({ label }, order) => `${" ".repeat(margin + 2)}${LETTERS[order]} ${label}`),
  ];
}
