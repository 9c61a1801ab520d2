// The schemes command: its JSON, its table, and what it refuses.
import { afterEach, expect, test, vi } from "vitest";
import { InputError } from "../../src/base/errors.js";
import { command } from "../../src/command/schemes.js";

afterEach(() => vi.restoreAllMocks());

async function printed(...argv: string[]): Promise<string> {
  let text = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  await command().exitOverride().parseAsync(argv, { from: "user" });
  return text;
}

test("accounts for one scheme as JSON", async () => {
  const flags = ["--width", "64", "--layers", "4", "--vocab", "1024", "--context", "128", "--json"];
  expect(JSON.parse(await printed("A^3 B", ...flags))).toMatchObject({
    name: "rins-3",
    signature: "A^3 B",
    rounds: 3,
    parameters: 328_256,
    flopsPerToken: 3_148_800,
    cacheBytesPerToken: 4096,
  });
});

test("lists the catalogue with signature, rounds, cost factor, parameters and the convention", async () => {
  const text = await printed();
  expect(text).toMatch(/^name +signature +rounds +cost/);
  expect(text).toMatch(/rins-3 +A\^3 B +3 +1\.778 .* 328k/);
  expect(text).toContain("backward = 2 × forward");
});

test("schemes whose blocks do not divide the layers are listed without a cost", async () => {
  const { schemes } = JSON.parse(await printed("--layers", "2", "--json"));
  expect(schemes.find(({ name }: { name: string }) => name === "immediate")).toMatchObject({ cost: null });
});

test("says when adapters are more than the paper's 1%", async () => {
  expect(await printed("stochastic-rins-3")).toContain("3.61% (over the paper's 1%)");
});

test.each([
  [["rinz-3"], /did you mean rins-3/],
  [["rins-9"], /there are rins-2, .*signatures for other rounds/],
  [["--width", "wide"], /--width: must be a number/],
  [["A B", "--heads", "3"], /twice the heads/],
  [["A B C"], /multiple of 3, got 4/],
])("%j is refused in one line", async (argv, message) => {
  await expect(printed(...argv)).rejects.toThrow(InputError);
  await expect(printed(...argv)).rejects.toThrow(message);
});
