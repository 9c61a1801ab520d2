// What a sweep and its worker processes tell each other.
import type { RunConfiguration } from "../train/configuration.js";
import type { DataOrigin } from "../train/data.js";

export type ToWorker =
  | {
      readonly kind: "run";
      readonly configuration: RunConfiguration;
      /** Folder of the run files. */
      readonly folder: string;
      /** A worker opens what was prepared itself. */
      readonly corpus: DataOrigin;
      /** Locks whose holders cannot be seen from here are taken over. */
      readonly takeOver: boolean;
    }
  /** Threads from the next step on. */
  | { readonly kind: "threads"; readonly threads: number }
  /** Checkpoint, release the run and exit. */
  | { readonly kind: "stop" };

export type FromWorker =
  /** Tokens trained on so far, branches included. */
  | { readonly kind: "progress"; readonly tokens: number; readonly loss: number | null }
  | { readonly kind: "done"; readonly status: "complete" | "diverged" | "interrupted"; readonly reason: string | null }
  /** Another process has the run, in one line. */
  | { readonly kind: "held"; readonly message: string }
  /** The run could not be done, in one line; the worker takes further runs. */
  | { readonly kind: "failed"; readonly message: string };
