// Who may have a run: one living process, and nobody who cannot be judged from here loses it unasked.
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { acquireLock, HeldError, heldBy } from "../../src/base/lock.js";
import { isEarlierBoot, ownIdentity } from "../../src/base/process-identity.js";
import { temporaryOf } from "../../src/base/write.js";

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return { ...fs, linkSync: vi.fn(fs.linkSync) };
});

const home = mkdtempSync(path.join(tmpdir(), "rinsight-lock-"));
afterAll(() => rmSync(home, { recursive: true }));
let folder = "";
let file = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(home, "x-"));
  file = path.join(folder, "run.lock");
});

const NOBODY = 2 ** 22 + 1;
const take = (options = {}) => acquireLock(file, "run x", options);
const hold = (owner: unknown, silentSeconds = 0) => {
  writeFileSync(file, typeof owner === "string" ? owner : JSON.stringify(owner));
  const then = Date.now() / 1000 - silentSeconds;
  utimesSync(file, then, then);
};

test("a second process is refused and told who has the run; then the lock is free, and nothing is left", () => {
  const first = take();
  expect(() => take()).toThrow(new RegExp(`held by process ${process.pid}: wait`));
  expect(heldBy(file, "run x")).toBeInstanceOf(HeldError);
  first.release();
  expect(heldBy(file, "run x")).toBeNull();
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ["nobody has its id", { ...ownIdentity, pid: NOBODY }],
  ["its id is another's by now", { ...ownIdentity, started: "1" }],
])("a dead process's lock is taken over: %s", (_case, owner) => {
  const onMessage = vi.fn();
  hold(owner);
  take({ onMessage }).release();
  expect(onMessage).toHaveBeenCalledOnce();
});

test.each([
  ["on another machine", { ...ownIdentity, host: "elsewhere" }],
  ["in another container with this host name", { ...ownIdentity, namespace: "pid:[4026532999]", pid: NOBODY }],
  ["on another boot, or another machine of this name", { ...ownIdentity, boot: "another" }],
  ["of a version that told less", { host: ownIdentity.host, pid: NOBODY, started: null }],
])("a lock that cannot be judged is respected until it is taken over by hand: %s", (_case, owner) => {
  hold(owner, 125);
  expect(() => take()).toThrow(
    /held by process \d+ on ".*", not to be seen from here, that showed life 2 min 5 s ago: .* delete .* \(train and sweep: --take-over\)/,
  );
  take({ takeOver: true }).release();
});

test("nobody takes over by hand from a process that lives", () => {
  const lock = take();
  expect(() => take({ takeOver: true })).toThrow(/wait for it or stop it/);
  lock.release();
});

test("after a reboot of the machine itself a silent lock is free", () => {
  const machine = { ...ownIdentity, boot: "another", namespace: "pid:[4026531836]" };
  // In a container nobody knows whose reboot it was.
  expect(isEarlierBoot(machine)).toBe(ownIdentity.namespace === "pid:[4026531836]");
  hold(machine, 601);
  if (isEarlierBoot(machine)) take().release();
  else expect(() => take()).toThrow(/not to be seen from here/);
});

test("a lock without an owner is one that is just being written, and free when it stays so", () => {
  hold("{");
  expect(() => take()).toThrow(/just taking it/);
  hold("", 11);
  take().release();
});

test("showing life changes the time of the lock; a process that lost it is told so and leaves it alone", () => {
  const lock = take();
  utimesSync(file, 1, 1);
  lock.keep();
  expect(heldBy(file, "run x")?.silentSeconds).toBeLessThan(5);
  writeFileSync(file, "another's");
  expect(lock.keep).toThrow(/another that took it over; this one stops/);
  lock.release();
  expect(readFileSync(file, "utf8")).toBe("another's");
});

test("a link to nowhere, a folder and the like end in one line", () => {
  symlinkSync("nowhere", file);
  expect(() => take()).toThrow(/lock: .* must be a plain file, got something else; delete it/);
  rmSync(file);
  mkdirSync(file);
  expect(() => take()).toThrow(/must be a plain file/);
});

test.each(["EPERM", "ENOTSUP", "EOPNOTSUPP"])("a disk without hard links (%s) is locked another way", (code) => {
  vi.mocked(linkSync).mockImplementation(() => {
    throw Object.assign(new Error("link"), { code });
  });
  try {
    const lock = take();
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(ownIdentity);
    expect(() => take()).toThrow(/held by process/);
    lock.release();
    hold({ ...ownIdentity, pid: NOBODY });
    take().release();
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    vi.mocked(linkSync).mockReset();
  }
});

test("what dead processes left beside the lock is tidied; a living one's stays", () => {
  const [dead, living] = [NOBODY, process.ppid].map((pid) => temporaryOf(file).replace(`-${process.pid}-`, `-${pid}-`));
  if (dead === undefined || living === undefined) throw new Error("two");
  for (const left of [dead, living]) writeFileSync(left, "");
  take().release();
  expect([dead, living].map((left) => existsSync(left))).toEqual([false, true]);
});
