// How one run of a sweep ended.

/** Exit code of a sweep that was stopped after the checkpoints of its runs. */
export const EXIT_INTERRUPTED = 130;

export type Outcome =
  | { readonly status: "complete" | "interrupted" }
  /** `message`: where and why, one line. */
  | { readonly status: "diverged" | "failed" | "held"; readonly message: string };
