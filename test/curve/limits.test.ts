// What is read has an end, that people can move.
import { spawn } from "node:child_process";
import path from "node:path";
import { expect, test } from "vitest";
import { limits, limitsFrom, lineCheck } from "../../src/curve/read/limits.js";

test("limits are set by name, and what is no limit is refused", () => {
  expect(limitsFrom("")).toEqual(limits());
  expect(limitsFrom("rows=5e7, line=10")).toEqual({ ...limits(), rows: 5e7, line: 10 });
  for (const bad of ["row=5", "rows", "rows=many", "rows=-1", "rows=Infinity", "__proto__=5"]) {
    expect(() => limitsFrom(bad)).toThrow(/^RINSIGHT_LIMITS: must read bytes=…,rows=…,line=…, got /);
  }
});

test("a line is counted to its end, a file to its last line", () => {
  const few = { bytes: 1000, rows: 3, line: 5 };
  const check =
    (...parts: string[]) =>
    () => {
      const take = lineCheck("t", few);
      for (const part of parts) take(Buffer.from(part));
    };
  expect(check("12345\n12345")).not.toThrow();
  expect(check("12345\n123456")).toThrow(/^t line 2: line must have at most/);
  // A header and three rows.
  expect(check("a\n1\n2\n3\n")).not.toThrow();
  // However it is cut.
  expect(check("123", "45\n12", "345")).not.toThrow();
  expect(check("123", "45\n12", "3456")).toThrow(/^t line 2: line must have at most/);
  expect(check("a\n1", "\n2\n3", "\n")).not.toThrow();
  expect(check("a\n1", "\n2\n3", "\n", "4")).toThrow(/at most 3 lines, got more/);
  expect(check("a\n1\n2\n3\n4\n")).toThrow(/at most 3 lines, got more; .*--limits rows=/);
});

test("a pipe that never ends is left at the limit", async () => {
  const cli = path.resolve(import.meta.dirname, "../../src/cli.ts");
  const child = spawn(process.execPath, ["--import", "tsx", cli, "fit", "-"], {
    env: { ...process.env, RINSIGHT_LIMITS: "bytes=3000000" },
  });
  let said = "";
  child.stderr.on("data", (chunk) => (said += chunk));
  child.stdin.on("error", () => {});
  const more = () => {
    while (child.stdin.writable && child.stdin.write("tokens,loss\n".repeat(1000)));
    if (child.stdin.writable) child.stdin.once("drain", more);
  };
  more();
  const code = await new Promise((resolve) => child.once("exit", resolve));
  expect(said).toBe(
    "standard input: file must be at most 3 MB, got more; keep what the fit needs, or give --limits bytes=…\n",
  );
  expect(code).toBe(2);
});
