// One process at a time for a run or a report: a lock file that says who holds it, and by its time of change when that
// one last showed life.
// A lock is taken over when its holder is dead for certain; one that cannot be judged from here is respected.
import {
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { z } from "zod";
import { batchJobSchema, isOver } from "./batch-job.js";
import { codeOf, InputError, shown } from "./errors.js";
import { duration } from "./format.js";
import { isEarlierBoot, ownIdentity, standingOf } from "./process-identity.js";
import { makeFolder, onDisk, temporaryOf, tidyTemporaries } from "./write.js";

export interface Lock {
  /** Shows life. Throws InputError where another process has taken the lock over: then nothing may be written any more. */
  keep(): void;
  release(): void;
}

export interface LockOptions {
  readonly onMessage?: (message: string) => void;
  /** Takes a lock that cannot be judged from here; one whose holder lives stays with it. */
  readonly takeOver?: boolean;
}

/** The lock is another's. */
export class HeldError extends InputError {
  constructor(
    message: string,
    /** Since its holder last showed life. */
    readonly silentSeconds: number,
  ) {
    super(message);
  }
}

/** A holder shows life with every checkpoint, 20 s apart: one silent for so long is gone, or stopped. */
export const SILENT_SECONDS = 600;
/** Between the creation of a lock and its content lies less, where a disk cannot do both at once. */
const UNWRITTEN_SECONDS = 10;
/** Each loses to another process that took or released the lock in between. */
const ATTEMPTS = 100;

const ownerSchema = z.object({
  host: z.string(),
  // Locks of earlier versions have neither.
  boot: z.string().nullable().default(null),
  namespace: z.string().nullable().default(null),
  pid: z.int().min(1),
  started: z.string().nullable(),
  job: batchJobSchema.nullable().default(null),
});
type Owner = z.infer<typeof ownerSchema>;

/** Takes the lock `file` of `what`: "train: run 12ab", the head of messages. Throws HeldError while another process has it, or may have it. */
export function acquireLock(file: string, what: string, options: LockOptions = {}): Lock {
  const text = JSON.stringify(ownIdentity);
  return onDisk(file, () => {
    makeFolder(path.dirname(file));
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (create(file, text)) {
        tidyTemporaries(file);
        return lockOf(file, text, what);
      }
      const held = readHeld(file);
      if (held === null) continue;
      const refused = refusal(held, what, options.takeOver === true, file);
      if (refused !== null) throw refused;
      options.onMessage?.(`taking over the lock of ${what} from a process that is gone`);
      remove(file, held.text);
    }
    throw new InputError(`${what} must have one process, got many that come and go; stop some and start again`);
  });
}

/** Why the lock of `what` cannot be taken now; null where it can. */
export function heldBy(file: string, what: string): HeldError | null {
  const held = onDisk(file, () => readHeld(file));
  return held === null ? null : refusal(held, what, false, file);
}

function lockOf(file: string, text: string, what: string): Lock {
  const isOurs = () => readHeld(file)?.text === text;
  return {
    keep: () =>
      onDisk(file, () => {
        if (!isOurs()) {
          throw new HeldError(`${what} must have one process, got another that took it over; this one stops`, 0);
        }
        showLife(file);
      }),
    release: () =>
      onDisk(file, () => {
        if (isOurs()) rmSync(file, { force: true });
      }),
  };
}

function showLife(file: string): void {
  const now = Date.now() / 1000;
  try {
    utimesSync(file, now, now);
  } catch {
    // Some disks keep no times: the lock holds all the same.
  }
}

/** True where the lock was created, by a link where the disk has them: it appears with its content. */
function create(file: string, text: string): boolean {
  const mine = temporaryOf(file);
  try {
    writeFileSync(mine, text);
    linkSync(mine, file);
    return true;
  } catch (error) {
    // A network disk may make the link, lose its answer, and refuse the second try.
    if (codeOf(error) === "EEXIST") return lstatSync(mine).nlink === 2;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(codeOf(error))) throw error;
    return createWithoutLinks(file, text);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** For FAT, some network disks and containers' mounts. */
function createWithoutLinks(file: string, text: string): boolean {
  let handle: number;
  try {
    handle = openSync(file, "wx");
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
  try {
    writeFileSync(handle, text);
    return true;
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  } finally {
    closeSync(handle);
  }
}

interface Held {
  readonly text: string;
  readonly silentSeconds: number;
}

/** Null where there is no lock. Anything but a plain file could block a reader, or lead nowhere. */
function readHeld(file: string): Held | null {
  const status = lstatSync(file, { throwIfNoEntry: false });
  if (status === undefined) return null;
  if (!status.isFile()) {
    throw new InputError(`lock: ${file} must be a plain file, got something else; delete it and start again`);
  }
  try {
    return { text: readFileSync(file, "utf8"), silentSeconds: Math.max(0, (Date.now() - status.mtimeMs) / 1000) };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

function parseOwner(text: string): Owner | null {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Why a lock is respected; null where it is free to be taken. */
function refusal(held: Held, what: string, takeOver: boolean, file: string): HeldError | null {
  const { silentSeconds } = held;
  const refused = (holder: string) =>
    new HeldError(`${what} must have one process, got a second; it is held by ${holder}`, silentSeconds);
  const owner = parseOwner(held.text);
  if (owner === null) {
    return silentSeconds < UNWRITTEN_SECONDS ? refused("a process that is just taking it: start again") : null;
  }
  const standing = standingOf(owner);
  if (standing === "alive") return refused(`process ${owner.pid}: wait for it or stop it`);
  if (standing === "dead" || takeOver) return null;
  if (isEarlierBoot(owner) && silentSeconds >= SILENT_SECONDS) return null;
  // A scheduler knows of its machines what nobody else can see.
  if (owner.job !== null && isOver(owner.job)) return null;
  const holder = owner.job === null ? `process ${owner.pid}` : `job ${owner.job.id}`;
  return refused(
    `${holder} on ${shown(owner.host)}, not to be seen from here, that showed life ${duration(silentSeconds)} ago: wait for it, or if it is gone delete ${file} (train and sweep: --take-over)`,
  );
}

/** Moves a dead holder's lock away; one that another process took in between goes back to its place. */
function remove(file: string, text: string): void {
  const stale = temporaryOf(file);
  try {
    renameSync(file, stale);
    const moved = readFileSync(stale, "utf8");
    // Where a third has it by now, the second finds out when it next shows life, and stops.
    if (moved !== text) createWithoutLinks(file, moved);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  } finally {
    rmSync(stale, { force: true });
  }
}
