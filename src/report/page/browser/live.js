// @ts-check
// The page of a sweep that trains: asks for the runs every few seconds and draws them as they stand.

/**
 * @typedef {{ run: string, scheme: string, seed: number, state: string, tokens: number, totalTokens: number | null,
 *   loss: number | null, secondsLeft: number | null }} RunState
 */

/** @type {{ theme: ChartTheme }} */
const { theme } = JSON.parse(document.getElementById("data")?.textContent ?? "{}");
const EVERY = 3000;
let drawn = "";
/** @type {VegaView | null} */
let shown = null;

/** @param {number | null} seconds */
function left(seconds) {
  if (seconds === null) return "–";
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** @param {number} value */
function count(value) {
  const power = Math.min(4, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return `${Number((value / 1000 ** power).toPrecision(3))}${["", "k", "M", "G", "T"][power]}`;
}

/** @param {readonly RunState[]} states */
function table(states) {
  const rows = states.map((one) => {
    const row = document.createElement("tr");
    const tokens = one.totalTokens === null ? count(one.tokens) : `${count(one.tokens)} of ${count(one.totalTokens)}`;
    const cells = [one.scheme, String(one.seed), one.state, tokens, one.loss?.toFixed(4) ?? "–", left(one.secondsLeft)];
    cells.forEach((text, column) => {
      const cell = row.insertCell();
      cell.textContent = text;
      if (column === 1 || column > 2) cell.className = "right";
    });
    return row;
  });
  document.querySelector("tbody")?.replaceChildren(...rows);
}

/** @param {readonly RunState[]} states */
function summary(states) {
  const done = states.filter((one) => one.state === "complete").length;
  const training = states.filter((one) => one.state === "training");
  const longest = Math.max(-1, ...training.map((one) => one.secondsLeft ?? -1));
  const asked = [...new Set(training.map((one) => one.scheme))].join(" and ");
  const progress = document.getElementById("progress");
  if (progress instanceof HTMLProgressElement) {
    const share = states.reduce(
      (sum, one) => sum + Math.min(1, one.tokens / (one.totalTokens ?? Number.POSITIVE_INFINITY)),
      0,
    );
    progress.value = states.length === 0 ? 0 : share / states.length;
  }
  return `${done} of ${states.length} runs begun are complete${asked === "" ? "" : `; now training ${asked}`}${
    longest < 0 ? "" : `, ${left(longest)} left`
  }`;
}

/** @param {ChartSpec} spec */
async function chart(spec) {
  const holder = document.getElementById("chart");
  const text = JSON.stringify(spec);
  if (holder === null || text === drawn) return;
  drawn = text;
  const narrow = holder.clientWidth < 560;
  const fitted = {
    ...spec,
    layer: narrow ? spec.layer.filter(({ name }) => !name?.startsWith("labels_")) : spec.layer,
    config: theme,
    width: holder.clientWidth - 4,
    padding: 3,
    autosize: { type: "fit-x", contains: "padding" },
  };
  shown?.finalize();
  shown = (
    await vegaEmbed(holder, fitted, {
      mode: "vega-lite",
      renderer: "svg",
      actions: false,
      ast: true,
      logLevel: 1,
      config: {},
    })
  ).view;
}

async function look() {
  const line = document.getElementById("summary");
  try {
    const answer = await fetch("/state.json");
    /** @type {{ states: RunState[], spec: ChartSpec | null }} */
    const { states, spec } = await answer.json();
    table(states);
    if (line !== null) line.textContent = summary(states);
    if (spec !== null) await chart(spec);
  } catch {
    if (line !== null) line.textContent = "no answer; training goes on, or is done";
  }
  setTimeout(look, EVERY);
}

void look();
