// The grammar of signatures: letters, exponents, parentheses: `A^3 B`, `(A B)^2`, `((A^2 B)^2) B`.

export type Step =
  | { readonly kind: "block"; readonly block: number; readonly rounds: number }
  | { readonly kind: "group"; readonly steps: readonly Step[]; readonly rounds: number };

export interface Signature {
  readonly steps: readonly Step[];
}
