// rinsight fractal as a user calls it: formats in, numbers out, one line for what is wrong.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import { random } from "../../src/base/random.js";
import { command } from "../../src/command/fractal.js";
import { analyzeFractal } from "../../src/fractal/analyze.js";
import { readSurprisals } from "../../src/fractal/read.js";
import type { Surprisals } from "../../src/fractal/record.js";

const folder = mkdtempSync(path.join(tmpdir(), "rinsight-fractal-"));
const columns = { document: "doc", surprisal: "nats", group: "domain" };
const stream = random("documents");
const documents: readonly Surprisals[] = ["a", "b", "c"].map((document) => ({
  document,
  group: document === "c" ? "code" : "novels",
  values: Array.from({ length: 400 }, () => Math.round(1000 * stream.uniform()) / 1000),
}));
const write = (name: string, content: string | Uint8Array) => {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
};
async function read(file: string): Promise<Surprisals[]> {
  const all: Surprisals[] = [];
  for await (const document of readSurprisals([file], columns)) all.push(document);
  return all;
}

const lines = documents
  .map(({ document, group, values }) => JSON.stringify({ document, group, surprisals: values }))
  .join("\n");
const rows = [
  "doc,domain,nats",
  ...documents.flatMap(({ document, group, values }) => values.map((value) => `${document},${group},${value}`)),
].join("\n");

test.each([
  ["lines.jsonl", lines],
  ["crlf.jsonl", lines.replaceAll("\n", "\r\n")],
  ["lines.jsonl.gz", gzipSync(lines)],
  ["rows.csv", rows],
  ["rows.csv.gz", gzipSync(rows)],
])("%s gives the documents that were written", async (name, content) => {
  expect(await read(write(name, content))).toEqual(documents);
});

test("null and text among the surprisals leave their document out, not the others", async () => {
  const file = write("null.jsonl", `{"document":"n","group":"novels","surprisals":[1,null,"2"]}\n${lines}`);
  const { groups, leftOut } = await analyzeFractal(readSurprisals([file], columns));
  expect(leftOut).toEqual([{ document: "n", group: "novels", reason: expect.stringMatching(/token 2 has no finite/) }]);
  expect(groups.map(({ group, documents }) => [group, documents])).toEqual([
    ["novels", 2],
    ["code", 1],
  ]);
});

test.each([
  ["no-list.jsonl", '{"document":"a"}', /line 1: must be an object with a list of surprisals/],
  ["torn.jsonl", `${lines.slice(0, 500)}`, /line 1: must be whole JSON/],
  ["cut.jsonl.gz", gzipSync(lines).subarray(0, 200), /must be readable/],
  ["empty.jsonl", "", /must hold documents, got nothing/],
  ["column.csv", "doc,domain,x\na,b,1", /must have a column "nats", got "doc", "domain", "x"/],
  ["apart.csv", "doc,domain,nats\na,n,1\nb,n,1\na,n,2", /rows of a document must stand together, got "a" again/],
])("%s is refused in one line", async (name, content, message) => {
  await expect(read(write(name, content))).rejects.toThrow(message);
});
test("a file that is not there", async () => {
  await expect(read(path.join(folder, "none.jsonl"))).rejects.toThrow(/none.jsonl: must be readable, got no such file/);
});

test("a page takes the place of an earlier one, never that of a page of somebody else", async () => {
  const input = write("page.jsonl", lines);
  const out = path.join(folder, "page");
  const run = () =>
    command().exitOverride().parseAsync([input, "--no-control", "--out", out, "--json"], { from: "user" });
  const output = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    await run();
    await run();
    expect(readdirSync(out).sort()).toEqual(["analysis.json", "charts", "index.html", "manifest.json"]);
    rmSync(path.join(out, "manifest.json"));
    writeFileSync(path.join(out, "index.html"), "mine");
    await expect(run()).rejects.toThrow(/must be a new folder or an earlier report, got .*page" with other files/);
    expect(readFileSync(path.join(out, "index.html"), "utf8")).toBe("mine");
  } finally {
    output.mockRestore();
  }
});
