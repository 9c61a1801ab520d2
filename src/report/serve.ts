// A sweep while it trains: a page on the loopback address that draws the run files as they grow. It reads and never
// writes, serves the page and its data and nothing else, and may be closed at any time.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import path from "node:path";
import { InputError, shown } from "../base/errors.js";
import { parseRun, type Run } from "../curve/read/read-run.js";
import { learningChart } from "./charts/learning.js";
import { palette } from "./charts/palette.js";
import { PAGE_THEME } from "./charts/theme.js";
import { labels, scriptJson } from "./escape.js";
import { browserLibraries } from "./render.js";
import { byCost } from "./source.js";

export interface SweepServer {
  readonly url: string;
  readonly closed: Promise<void>;
  close(): void;
}

interface RunState {
  readonly run: string;
  readonly scheme: string;
  readonly seed: number;
  /** "training", "waiting" (no point for a while), "complete", "diverged". */
  readonly state: string;
  readonly tokens: number;
  /** Tokens at the end of the run; null where the configuration does not say. */
  readonly totalTokens: number | null;
  readonly loss: number | null;
  /** From the tokens a second since the first sight of the run; null before there are two. */
  readonly secondsLeft: number | null;
}

/** A run that wrote nothing for so long is shown as waiting. */
const QUIET_MS = 120_000;

/** Serves `folder` on 127.0.0.1; port 0 takes any that is free. Throws InputError where the folder cannot be read. */
export async function serveSweep(folder: string, port: number): Promise<SweepServer> {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InputError(`report --serve: must be a folder of runs, got ${shown(folder)}; name the folder of a sweep`);
  }
  const page = livePage();
  const firstSight = new Map<string, { readonly tokens: number; readonly at: number }>();
  const server = createServer((request, response) => {
    try {
      answer(request, response, server, page, () => liveState(folder, firstSight));
    } catch (error) {
      send(
        response,
        500,
        "application/json",
        JSON.stringify({ error: error instanceof Error ? error.message : "" }),
        {},
      );
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(new InputError(`report --serve: port must be free, got ${port} (${error.code}); leave --port out`)),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${portOf(server)}/`,
    closed: new Promise((resolve) => server.once("close", resolve)),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  server: Server,
  page: { readonly html: string; readonly policy: string },
  state: () => unknown,
): void {
  const port = portOf(server);
  // A page elsewhere that resolves its own name to this address must not read the runs.
  if (request.headers.host !== `127.0.0.1:${port}` && request.headers.host !== `localhost:${port}`) {
    send(response, 403, "text/plain", "Host must be this machine's loopback address\n", {});
  } else if (request.method !== "GET") {
    send(response, 405, "text/plain", "GET only\n", {});
  } else if (request.url === "/") {
    send(response, 200, "text/html; charset=utf-8", page.html, { "content-security-policy": page.policy });
  } else if (request.url === "/state.json") {
    send(response, 200, "application/json", JSON.stringify(state()), {});
  } else {
    send(response, 404, "text/plain", "not here\n", {});
  }
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  extra: Record<string, string>,
): void {
  response.writeHead(status, {
    "content-type": type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    ...extra,
  });
  response.end(body);
}

/** The runs as they stand: what is torn or unreadable is passed over until the next look. */
function liveState(folder: string, firstSight: Map<string, { readonly tokens: number; readonly at: number }>): unknown {
  const now = Date.now();
  const runs: { readonly run: Run; readonly quiet: boolean }[] = [];
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(".jsonl")) continue;
    const file = path.join(folder, name);
    try {
      runs.push({
        run: parseRun(name, readFileSync(file, "utf8"), true),
        quiet: now - statSync(file).mtimeMs > QUIET_MS,
      });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
  runs.sort((a, b) => byCost(a.run.header, b.run.header));
  const schemes = [...new Set(runs.map(({ run }) => run.header.scheme.label))];
  const shownLabels = labels(schemes);
  const labelOf = (run: Run) => shownLabels[schemes.indexOf(run.header.scheme.label)] ?? run.header.scheme.name;
  const states = runs.map(({ run, quiet }): RunState => {
    const last = run.points.at(-1);
    const tokens = Math.max(0, ...run.points.map((point) => point.tokens));
    const total = totalTokens(run);
    const seen = firstSight.get(run.header.id);
    if (seen === undefined) firstSight.set(run.header.id, { tokens, at: now });
    const speed = seen === undefined || tokens <= seen.tokens ? null : (tokens - seen.tokens) / (now - seen.at);
    return {
      run: run.header.id,
      scheme: labelOf(run),
      seed: run.header.seed,
      state: run.end?.status ?? (quiet ? "waiting" : "training"),
      tokens,
      totalTokens: total,
      loss: last?.loss ?? null,
      secondsLeft:
        run.end !== null || speed === null || total === null
          ? null
          : Math.round(Math.max(0, total - tokens) / speed / 1000),
    };
  });
  const rows = runs.flatMap(({ run }) =>
    run.points.map(({ tokens, flops, loss, learningRate, decayed }) => ({
      scheme: labelOf(run),
      run: run.header.id,
      seed: run.header.seed,
      tokens,
      flops,
      loss,
      learningRate,
      decayed,
    })),
  );
  return { states, spec: rows.length === 0 ? null : learningChart(palette(shownLabels, []), rows).spec };
}

/** The largest of the configuration's `horizons` {tokens}; null where it holds none. */
function totalTokens(run: Run): number | null {
  const { horizons } = run.header.configuration;
  const tokens = (Array.isArray(horizons) ? horizons : []).flatMap((horizon: unknown) =>
    typeof horizon === "object" && horizon !== null && "tokens" in horizon && typeof horizon.tokens === "number"
      ? horizon.tokens
      : [],
  );
  return tokens.length === 0 ? null : Math.max(...tokens);
}

const LIVE_SCRIPT = `"use strict";
(() => {
  const theme = JSON.parse(document.getElementById("theme").textContent);
  const cell = (row, text) => { row.insertCell().textContent = text === null ? "–" : String(text); };
  const left = (s) => s === null ? "–" : s < 90 ? s + " s" : s < 5400 ? Math.round(s / 60) + " min" : (s / 3600).toFixed(1) + " h";
  let last = "";
  const look = async () => {
    try {
      const answer = await fetch("/state.json");
      const { states, spec } = await answer.json();
      const body = document.querySelector("tbody");
      body.replaceChildren();
      for (const one of states) {
        const row = body.insertRow();
        cell(row, one.scheme); cell(row, one.seed); cell(row, one.state);
        cell(row, one.totalTokens === null ? one.tokens : one.tokens + " of " + one.totalTokens);
        cell(row, one.loss === null ? null : one.loss.toFixed(4)); cell(row, left(one.secondsLeft));
      }
      const done = states.filter((one) => one.state === "complete").length;
      document.getElementById("summary").textContent = done + " of " + states.length + " runs complete";
      const text = JSON.stringify(spec);
      if (spec && text !== last) {
        last = text;
        const room = Math.min(900, document.getElementById("chart").clientWidth);
        const { config, ...rest } = spec;
        await vegaEmbed("#chart", { ...rest, config: { ...theme, legend: { ...theme.legend, columns: room < 480 ? 1 : 3 } }, vconcat: spec.vconcat.map((panel) => ({ ...panel, width: room - 80 })) }, { mode: "vega-lite", renderer: "svg", actions: false, ast: true });
      }
    } catch { document.getElementById("summary").textContent = "no answer from rinsight report --serve; training goes on"; }
    setTimeout(look, 3000);
  };
  look();
})();`;

function livePage(): { readonly html: string; readonly policy: string } {
  const scripts = [...browserLibraries(), LIVE_SCRIPT].map((script) => script.replace(/<\/script/gi, "<\\/script"));
  const hashes = scripts.map((script) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`);
  return {
    policy: `default-src 'none'; script-src ${hashes.join(" ")}; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    html: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><title>Sweep</title>
<style>:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:960px;margin:1rem auto;padding:0 1rem}table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{text-align:left;padding:.2rem .7rem .2rem 0}#scroll{overflow-x:auto}</style></head>
<body><h1>Sweep</h1><p id="summary">looking …</p><div id="chart"></div><div id="scroll"><table><thead><tr><th>scheme</th><th>seed</th><th>state</th><th>tokens</th><th>loss</th><th>left</th></tr></thead><tbody></tbody></table></div>
<script type="application/json" id="theme">${scriptJson(PAGE_THEME)}</script>${scripts.map((script) => `<script>${script}</script>`).join("\n")}</body></html>`,
  };
}
