// How one run of a sweep ended.
export type Outcome =
  | { readonly status: "complete" | "interrupted" }
  /** `message`: where and why, one line. */
  | { readonly status: "diverged" | "failed" | "held"; readonly message: string };
