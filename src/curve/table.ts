// A table in memory: the shape every importer ends in and every analysis starts from.
// Columns are typed arrays, so that a million rows stay small; NaN stands for a missing number inside a column only
// (it is written as null and printed as "–").

export type Column =
  | { readonly kind: "number"; readonly values: Float64Array }
  | { readonly kind: "text"; readonly values: readonly string[] };

export interface Table {
  /** Where it came from, for messages: a file name, "standard input". */
  readonly source: string;
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
}
