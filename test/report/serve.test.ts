// The page of a sweep that trains: only from this machine, only its own two files, runs as they stand.
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SweepServer, serveSweep } from "../../src/report/serve.js";
import { REFERENCE, simulatedRuns } from "./simulated.js";

let folder: string;
let server: SweepServer;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "rinsight-serve-"));
  const [first, second] = simulatedRuns(REFERENCE);
  if (first === undefined || second === undefined) throw new Error("no runs");
  const lines = (values: readonly unknown[]) => `${values.map((value) => JSON.stringify(value)).join("\n")}\n`;
  writeFileSync(path.join(folder, "a.jsonl"), lines([first.header, ...first.points, first.end]));
  writeFileSync(path.join(folder, "b.jsonl"), lines([second.header, ...second.points.slice(0, 4)]));
  appendFileSync(path.join(folder, "b.jsonl"), '{"kind":"point","st');
  writeFileSync(path.join(folder, "secret.txt"), "secret");
  server = await serveSweep(folder, 0);
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

function ask(target: string, host?: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(server.url);
    get({ host: "127.0.0.1", port, path: target, headers: host === undefined ? {} : { host } }, (response) => {
      let body = "";
      response.on("data", (chunk) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    }).on("error", reject);
  });
}

test("shows finished and growing runs, the torn last line passed over", async () => {
  const { status, body } = await ask("/state.json");
  expect(status).toBe(200);
  const { states } = JSON.parse(body) as { states: { state: string; tokens: number; totalTokens: number }[] };
  expect(states.map((one) => one.state)).toEqual(["complete", "training"]);
  expect(states[1]?.tokens).toBeGreaterThan(0);
  expect(states[1]?.totalTokens).toBe(1e9);
});

test("serves its own page and nothing else", async () => {
  expect((await ask("/")).body).toContain("vegaEmbed");
  for (const target of ["/secret.txt", "/a.jsonl", "/../secret.txt", "/%2e%2e/secret.txt"]) {
    expect((await ask(target)).status).toBe(404);
  }
});

test("refuses a name that is not this machine's", async () => {
  expect((await ask("/state.json", "evil.example")).status).toBe(403);
});

test("what cannot be read is listed as that, and holds nothing up", async () => {
  mkdirSync(path.join(folder, "folder.jsonl"));
  symlinkSync("loop.jsonl", path.join(folder, "loop.jsonl"));
  execFileSync("mkfifo", [path.join(folder, "pipe.jsonl")]);
  writeFileSync(path.join(folder, "torn.jsonl"), "{");
  const { status, body } = await ask("/state.json");
  expect(status).toBe(200);
  const { states } = JSON.parse(body) as { states: { run: string; state: string }[] };
  expect(states.map(({ run, state }) => [run, state.split(":")[0]]).slice(2)).toEqual(
    ["folder", "loop", "pipe", "torn"].map((name) => [`${name}.jsonl`, "unreadable"]),
  );
  expect(states.slice(0, 2).map(({ state }) => state)).toEqual(["complete", "training"]);
});
