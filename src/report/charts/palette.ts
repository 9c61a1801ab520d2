// One colour and one shape a scheme, in every chart, chip and table of a report. Up to eight schemes have their own; of
// more, the few that a reader looks for do, and the rest is grey until it is marked.

export interface SchemeStyle {
  readonly label: string;
  readonly colour: string;
  readonly shape: string;
  /** Drawn in colour and labelled at its line's end. */
  readonly prominent: boolean;
}

export interface Palette {
  /** In the order of the source. */
  readonly styles: readonly SchemeStyle[];
  readonly labels: readonly string[];
  /** True from nine schemes on: bands are left out and the rest is grey. */
  readonly crowded: boolean;
}

export const MOST_COLOURS = 8;
export const REST = "#8b8b92";
/** What is marked among greys. */
export const MARKED = "#d55e00";

// Okabe & Ito (2008), its light hues darkened until each has a contrast of 3 to 1 with the white and the dark ground;
// grey, for the baseline, comes first. Shapes repeat the message for print and for those who see no colour.
const COLOURS = ["#7a7a7a", "#0072b2", "#d55e00", "#009e73", "#c4679a", "#b07d00", "#3a96c8", "#8c6bb1"];
const SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "stroke"];

/** `prominent`: labels that are drawn in colour where there are more than eight, the most wanted first. */
export function palette(labels: readonly string[], prominent: readonly string[]): Palette {
  const crowded = labels.length > MOST_COLOURS;
  const chosen = crowded ? [...new Set(prominent)].slice(0, MOST_COLOURS) : labels;
  const styles = labels.map((label): SchemeStyle => {
    const place = chosen.indexOf(label);
    return {
      label,
      colour: COLOURS[place] ?? REST,
      shape: SHAPES[place] ?? "circle",
      prominent: place >= 0,
    };
  });
  return { styles, labels, crowded };
}
