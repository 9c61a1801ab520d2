import { execFileSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { Header, Pax } from "tar";
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

/** An archive with entries that `pack` would not write. */
function archiveOf(entries: readonly { readonly path: string; readonly type?: "File" | "Directory" }[]): Buffer {
  const blocks = entries.flatMap(({ path, type = "File" }) => {
    const block = Buffer.alloc(512);
    const extended = new Header({ path, size: 1, mode: 0o644, type, mtime: new Date(0) });
    if (!extended.encode(block, 0)) return [block, Buffer.alloc(512, "x")];
    // A path of more than 100 characters stands in a record before the entry.
    const record = new Pax({ path, size: 1 }).encode();
    return [record, block, Buffer.alloc(512, "x")];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

test.each([
  ["a file and a folder of one name", ["a", "a/b"], /must not be a file and a folder at once, got "a"/],
  ["the folder itself", ["."], /plain files inside/],
  ["a folder in it", ["inputs/."], /plain files inside/],
  ["an empty name", ["a//b"], /plain files inside/],
  ["a name twice", ["a", "a"], /names of their own, got File "a"/],
  ["a name of 300 characters", ["n".repeat(300)], /paths of at most 1000 bytes, 255 a name/],
  ["a path of 600 folders", [`${"d/".repeat(600)}x`], /paths of at most 1000 bytes/],
  ["a name with a backslash", ["a\\..\\b"], /plain files inside/],
])("%s in an archive is one line", async (_case, names, message) => {
  await expect(unpack(archiveOf(names.map((path) => ({ path }))), "x.tgz")).rejects.toThrow(message);
});

test("a folder in an archive is no file", async () => {
  await expect(unpack(archiveOf([{ path: "inputs", type: "Directory" }]), "x.tgz")).rejects.toThrow(/plain files/);
});
