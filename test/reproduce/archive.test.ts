import { execFileSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { pack, unpack } from "../../src/reproduce/archive.js";

const files = new Map([
  ["b/points.csv", "tokens,loss\n1,2\n"],
  ["a.json", "{}"],
]);

test("what is packed is what is unpacked, and the bytes do not depend on the order", async () => {
  const archive = pack(files);
  expect(pack(new Map([...files].reverse())).equals(archive)).toBe(true);
  const back = await unpack(archive, "x.tar.gz");
  expect([...back].map(([name, content]) => [name, content.toString()])).toEqual([...files].sort());
});

test("the system's tar reads the archive", () => {
  const listing = execFileSync("tar", ["-tzf", "-"], { input: pack(files) }).toString();
  expect(listing).toBe("a.json\nb/points.csv\n");
});

test("a truncated archive, a flipped byte and a name that climbs out are refused in one line", async () => {
  const archive = pack(files);
  await expect(unpack(archive.subarray(0, archive.length - 40), "cut.tgz")).rejects.toThrow(
    /cut.tgz: a bundle must be an intact/,
  );
  const flipped = Buffer.from(archive);
  flipped[30] = (flipped[30] ?? 0) ^ 0xff;
  await expect(unpack(flipped, "flip.tgz")).rejects.toThrow(/verify: flip.tgz/);
  await expect(unpack(pack(new Map([["../../escape", ""]])), "climb.tgz")).rejects.toThrow(/plain files inside/);
});

test("a bomb is refused at the limit", async () => {
  const bomb = gzipSync(Buffer.alloc(600 * 2 ** 20), { level: 9 });
  await expect(unpack(bomb, "bomb.tgz")).rejects.toThrow(/at most 536870912 bytes/);
});
