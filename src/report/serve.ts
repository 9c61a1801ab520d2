// A sweep while it trains: a page on the loopback address that draws the run files as they grow. It reads and never
// writes, serves the page and its data and nothing else, and may be closed at any time.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import path from "node:path";
import { fileReason, InputError, reasonOf, shown } from "../base/errors.js";
import { limits } from "../curve/read/limits.js";
import { parseRun, type Run } from "../curve/read/read-run.js";
import { statusOf } from "../curve/read/source.js";
import { learningChart } from "./charts/learning.js";
import { palette } from "./charts/palette.js";
import { labels } from "./escape.js";
import { DEMO_SCRIPT, demoModules, demoPage } from "./page/demo-page.js";
import { livePage } from "./page/live-page.js";
import { byCost } from "./source.js";

export interface SweepServer {
  readonly url: string;
  readonly closed: Promise<void>;
  close(): void;
}

interface RunState {
  readonly run: string;
  readonly scheme: string;
  /** Null where the file cannot be read. */
  readonly seed: number | null;
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
  } else if (request.url === "/live") {
    const { html, policy } = demoPage();
    send(response, 200, "text/html; charset=utf-8", html, { "content-security-policy": policy });
  } else {
    const script = request.url === "/demo.js" ? DEMO_SCRIPT : moduleAt(request.url ?? "");
    if (script === undefined) send(response, 404, "text/plain", "not here\n", {});
    else send(response, 200, "text/javascript; charset=utf-8", script, {});
  }
}

/** A module of the training page; nothing else of the package, and no file of the disk. */
const moduleAt = (url: string): string | undefined =>
  url.startsWith("/modules/") ? demoModules().get(url.slice("/modules/".length)) : undefined;

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

/** A plain file's text, and when it changed: a folder has none, and a pipe would hold the page up until somebody writes. */
function regularText(file: string): { readonly text: string; readonly changed: number } {
  const status = statusOf(file);
  if (!status.isFile() || status.size > limits().bytes) {
    throw new InputError(`${file}: must be a file of at most ${limits().bytes / 1e6} MB, got another; remove it`);
  }
  try {
    return { text: readFileSync(file, "utf8"), changed: status.mtimeMs };
  } catch (error) {
    throw new InputError(`${file}: must be readable, got ${fileReason(error)}; mend it`);
  }
}

/** The runs as they stand, a torn last line passed over, and after them what cannot be read. */
function liveState(folder: string, firstSight: Map<string, { readonly tokens: number; readonly at: number }>): unknown {
  const now = Date.now();
  const runs: { readonly run: Run; readonly quiet: boolean }[] = [];
  const unreadable: RunState[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith(".jsonl")) continue;
    try {
      const { text, changed } = regularText(path.join(folder, name));
      runs.push({ run: parseRun(name, text, true), quiet: now - changed > QUIET_MS });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const [label = ""] = labels([name]);
      const state = `unreadable: ${reasonOf(error)}`;
      unreadable.push({
        run: name,
        scheme: label,
        seed: null,
        state,
        tokens: 0,
        totalTokens: null,
        loss: null,
        secondsLeft: null,
      });
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
  return {
    states: [...states, ...unreadable],
    spec: rows.length === 0 ? null : learningChart(palette(shownLabels, []), rows).spec,
  };
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
