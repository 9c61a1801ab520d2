// @ts-check
// Draws each chart when it comes near the window, to the width it has; the rest when the browser has nothing else to do,
// so that print finds them. Says which scheme the pointer is on ("hover") and shows the one that is marked ("mark").

const { chart, theme } = globalThis.brought;
/** @type {Map<HTMLElement, { room: number, view: VegaView | null }>} */
const drawings = new Map();
/** @type {string | null} */
let marked = null;
/** Less room than this leaves the names at the line ends out. */
const NARROW = 560;

/**
 * The spec for `room` pixels: the width set, the theme of the page, names at line ends where there is room for them.
 * @param {ChartSpec} spec
 * @param {number} room
 */
function fitted({ layer, ...spec }, room) {
  const narrow = room < NARROW;
  return {
    ...spec,
    layer: narrow ? layer.filter(({ name }) => !name?.startsWith("labels_")) : layer,
    config: {
      ...theme,
      axis: { ...theme.axis, labelLimit: Math.min(250, room * 0.42) },
      legend: { ...theme.legend, columns: room < 480 ? 1 : room < 700 ? 2 : 3 },
    },
    width: room - 4,
    padding: 3,
    autosize: { type: "fit-x", contains: "padding" },
  };
}

/** @param {HTMLElement} holder */
async function draw(holder) {
  const spec = chart(holder.dataset.chart ?? "");
  const room = holder.clientWidth;
  const before = drawings.get(holder);
  if (spec === undefined || room === 0 || (before !== undefined && Math.abs(room - before.room) < 24)) return;
  /** @type {{ room: number, view: VegaView | null }} */
  const drawing = { room, view: null };
  drawings.set(holder, drawing);
  before?.view?.finalize();
  const dark = matchMedia("(prefers-color-scheme:dark)").matches;
  try {
    const { view } = await vegaEmbed(holder, fitted(spec, room), {
      mode: "vega-lite",
      renderer: "svg",
      actions: false,
      ast: true,
      logLevel: 1,
      config: {},
      tooltip: { theme: dark ? "dark" : "light" },
    });
    drawing.view = view;
    view.addEventListener("mouseover", (_, item) => say(item?.datum?.scheme));
    view.addEventListener("mouseout", () => say(null));
    if (marked !== null) await view.signal("mark", marked).runAsync();
    // What scrolls has to be reached by the keyboard.
    if (holder.scrollHeight > holder.clientHeight + 1) holder.tabIndex = 0;
    holder.dataset.drawn = "yes";
  } catch (error) {
    holder.textContent = `This chart could not be drawn: ${error instanceof Error ? error.message : error}`;
  }
}

/** @param {unknown} scheme */
function say(scheme) {
  document.dispatchEvent(new CustomEvent("hover", { detail: typeof scheme === "string" ? scheme : null }));
}

/** @type {NodeListOf<HTMLElement>} */
const holders = document.querySelectorAll("[data-chart]");
/** @type {HTMLElement[]} */
const seen = [];
let busy = false;

/** Draws what is seen, one after the other with a breath between, so that the first is there before the second begins. */
async function drawSeen() {
  if (busy) return;
  busy = true;
  for (let holder = seen.shift(); holder !== undefined; holder = seen.shift()) {
    await draw(holder);
    await new Promise((resolve) => setTimeout(resolve));
  }
  busy = false;
}

const near = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting && target instanceof HTMLElement) seen.push(target);
    }
    void drawSeen();
  },
  { rootMargin: "300px" },
);
for (const holder of holders) near.observe(holder);

/** @param {readonly HTMLElement[]} waiting */
function drawWhenIdle([next, ...rest]) {
  if (next === undefined) return;
  requestIdleCallback(async () => {
    if (!drawings.has(next)) await draw(next);
    drawWhenIdle(rest);
  });
}
setTimeout(() => drawWhenIdle([...holders]), 1500);
// A section that opens gives its charts their width.
document.addEventListener("toggle", () => drawWhenIdle([...holders]), true);

/** @type {ReturnType<typeof setTimeout> | undefined} */
let resized;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => {
    for (const holder of drawings.keys()) void draw(holder);
  }, 150);
});

document.addEventListener("mark", (event) => {
  if (!(event instanceof CustomEvent)) return;
  marked = event.detail;
  for (const { view } of drawings.values()) void view?.signal("mark", marked).runAsync();
});
