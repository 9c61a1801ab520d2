// Damaged Parquet: each mutation ends in a table or in one line of ours, and no error escapes from the reader's promises.
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { InputError } from "../../src/base/errors.js";
import { random } from "../../src/base/random.js";
import { parseParquet } from "../../src/curve/read/parquet.js";

const good = readFileSync(path.resolve(import.meta.dirname, "../curve/fixtures/curves.parquet"));

test("2,500 seeded mutations of a Parquet file", async () => {
  const escaped: unknown[] = [];
  const onEscaped = (reason: unknown) => void escaped.push(reason);
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", onEscaped);
  try {
    const draw = random("pq");
    let refused = 0;
    for (let i = 0; i < 2500; i++) {
      const bytes = Buffer.from(good);
      for (let k = draw.integer(4); k >= 0; k--) bytes[draw.integer(bytes.length)] = draw.integer(256);
      try {
        await parseParquet({ name: "t.parquet", bytes, sha256: "" });
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        expect(error.message).toMatch(/^t\.parquet: [^\n]*; [^\n]*$/);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(escaped).toEqual([]);
  } finally {
    process.off("unhandledRejection", onEscaped);
    for (const listener of others) process.on("unhandledRejection", listener);
  }
});
