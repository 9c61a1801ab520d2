// Which process wrote something, told so that another one can say whether it still lives: locks and temporary files
// bear it. A process id means nothing on another machine, after a reboot, or in another container.
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { type BatchJob, ownJob } from "./batch-job.js";
import { codeOf } from "./errors.js";
import { canonicalJson, sha256 } from "./json.js";

export interface ProcessIdentity {
  readonly host: string;
  /** Of this boot of the machine; null where the system does not tell (Linux alone does). */
  readonly boot: string | null;
  /** In which process ids are counted, "pid:[4026531836]" outside of containers; null where there is none. */
  readonly namespace: string | null;
  readonly pid: number;
  /** When the process began, in clock ticks since boot: an id is used again, a start is not. */
  readonly started: string | null;
  /** Of the batch scheduler, if it runs in one. */
  readonly job: BatchJob | null;
}

/** "elsewhere": in another container or on another machine, whose processes cannot be seen from here. */
export type Standing = "alive" | "dead" | "elsewhere";

/** Linux gives the namespace of the machine itself this number (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
const MACHINE_NAMESPACE = "pid:[4026531836]";

const place: Omit<ProcessIdentity, "pid" | "started" | "job"> = {
  host: hostname(),
  boot: orNull(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
  namespace: orNull(() => readlinkSync("/proc/self/ns/pid")),
};

/** The same for all processes whose ids can be compared. */
export const ownPlace: string = sha256(canonicalJson(place)).slice(0, 8);

export const ownIdentity: ProcessIdentity = { ...place, pid: process.pid, started: startOf(process.pid), job: ownJob };

/** Whether the process that wrote `identity` still lives. */
export function standingOf(identity: Omit<ProcessIdentity, "job">): Standing {
  const { host, boot, namespace, pid, started } = identity;
  if (host !== place.host || boot !== place.boot || namespace !== place.namespace) return "elsewhere";
  if (!isRunning(pid)) return "dead";
  const now = startOf(pid);
  return started === null || now === null || started === now ? "alive" : "dead";
}

/** Whether a process of this place has the id. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

/** True for another boot of what looks like this very machine: the same name, and no container on either side. */
export function isEarlierBoot({ host, boot, namespace }: Omit<ProcessIdentity, "pid" | "started" | "job">): boolean {
  const known = boot !== null && boot !== place.boot;
  return known && host === place.host && namespace === MACHINE_NAMESPACE && place.namespace === MACHINE_NAMESPACE;
}

function startOf(pid: number): string | null {
  return orNull(() => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop()?.split(" ")[19] ?? null);
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
