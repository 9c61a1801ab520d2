// One process a run: a lock file that holds the owner's process id, taken over when that process is dead.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { InputError } from "../base/errors.js";
import { makeFolder, onDisk } from "../base/write.js";

export interface Lock {
  release(): void;
}

interface Owner {
  /** A process id means nothing on another machine that shares the folder. */
  readonly host: string;
  readonly pid: number;
  /** When the process began, where the system tells: a process id is used again, a start is not. */
  readonly started: string | null;
}

/** Takes the lock `file`. Throws InputError "held by process N" while another living process has it. */
export function acquireLock(file: string, what: string, onMessage: (message: string) => void): Lock {
  const own: Owner = { host: hostname(), pid: process.pid, started: startOf(process.pid) };
  const text = JSON.stringify(own);
  const mine = `${file}.${process.pid}`;
  onDisk(path.dirname(file), () => {
    makeFolder(path.dirname(file));
    writeFileSync(mine, text);
  });
  try {
    for (;;) {
      // A link appears whole or not at all, so nobody reads half an owner.
      try {
        linkSync(mine, file);
        return { release: () => release(file, text) };
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
      }
      const held = readIfThere(file);
      if (held === null) continue;
      const owner = parseOwner(held);
      if (owner !== null && owner.host !== own.host) {
        throw new InputError(
          `train: ${what} must have one process, got a second; it is held by process ${owner.pid} on ${owner.host}: if that is gone, delete ${file}`,
        );
      }
      if (owner !== null && isAlive(owner)) {
        throw new InputError(
          `train: ${what} must have one process, got a second; it is held by process ${owner.pid}: wait for it or stop it`,
        );
      }
      onMessage(`taking over the lock of ${what} from a dead process${owner === null ? "" : ` (${owner.pid})`}`);
      const stale = `${mine}.stale`;
      try {
        renameSync(file, stale);
      } catch (error) {
        if (codeOf(error) === "ENOENT") continue;
        throw error;
      }
      // Another process may have taken over in between: then it is its lock that was moved, and it goes back.
      if (readIfThere(stale) !== held) linkSync(stale, file);
      rmSync(stale, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function release(file: string, text: string): void {
  if (readIfThere(file) === text) rmSync(file, { force: true });
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

function parseOwner(text: string): Owner | null {
  try {
    const owner: unknown = JSON.parse(text);
    if (typeof owner !== "object" || owner === null) return null;
    if (!("host" in owner) || !("pid" in owner) || !("started" in owner)) return null;
    const { host, pid, started } = owner;
    if (typeof host !== "string" || typeof pid !== "number" || !Number.isInteger(pid) || pid < 1) return null;
    return { host, pid, started: typeof started === "string" ? started : null };
  } catch {
    return null;
  }
}

function isAlive({ pid, started }: Omit<Owner, "host">): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === "ESRCH") return false;
  }
  const now = startOf(pid);
  return started === null || now === null || started === now;
}

/** Start of a process in clock ticks since boot, with the boot's identity: Linux alone. */
function startOf(pid: number): string | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop()?.split(" ");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return fields?.[19] === undefined ? null : `${boot}/${fields[19]}`;
  } catch {
    return null;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
