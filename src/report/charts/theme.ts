// The look of a chart: on paper, and on a page that is light, dark or printed.

export type Theme = Readonly<Record<string, unknown>>;

/** Static files: white ground and one bundled font, so that the picture is the same on every machine. */
export const STATIC_THEME: Theme = theme("#222222", "DejaVu Sans", "#ffffff");
/** The page: colours follow the text colour of the page, hence light, dark and print by style sheet alone. */
export const PAGE_THEME: Theme = theme("currentColor", "system-ui, sans-serif", null);

function theme(ink: string, font: string, background: string | null): Theme {
  return {
    background,
    font,
    view: { stroke: null },
    axis: {
      labelColor: ink,
      titleColor: ink,
      domainColor: ink,
      domainOpacity: 0.4,
      tickColor: ink,
      tickOpacity: 0.4,
      gridColor: ink,
      gridOpacity: 0.09,
      labelFontSize: 11,
      titleFontSize: 12,
      titleFontWeight: "normal",
      titlePadding: 8,
      labelLimit: 250,
      labelOverlap: "greedy",
      labelSeparation: 8,
    },
    legend: {
      labelColor: ink,
      titleColor: ink,
      orient: "bottom",
      direction: "horizontal",
      columns: 3,
      labelFontSize: 11,
      labelLimit: 300,
      symbolOpacity: 1,
    },
    text: { color: ink, fontSize: 11 },
    rule: { color: ink },
  };
}
