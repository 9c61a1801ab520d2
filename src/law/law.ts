// What a scaling law is to the rest of the code: a value, its exact derivatives, and what is known of its parameters.

export interface LawParameter {
  /** Name in files and on the screen: "limit", "coefficient", "exponent"; laws from the literature keep their letters. */
  readonly name: string;
  /** What it is, in one sentence. */
  readonly meaning: string;
  readonly lower: number;
  readonly upper: number;
  /** True where the law is linear in this parameter given all the parameters that are not `linear`. */
  readonly linear: boolean;
  /** Which role the comparison of schemes may give it. */
  readonly role: "limit" | "exponent" | "coefficient" | "other";
}

export interface Law {
  /** Catalogue name, or the expression itself for a law of the user's. */
  readonly name: string;
  /** The formula as text: "E + β·D^−c". */
  readonly formula: string;
  /** Variables in the order of the rows of `x`: ["tokens"], ["parameters", "tokens"]. */
  readonly variables: readonly string[];
  readonly parameters: readonly LawParameter[];
  /** Predicted loss at one point; `theta` and `x` in the order of `parameters` and `variables`. */
  value(theta: ArrayLike<number>, x: ArrayLike<number>): number;
  /** Writes ∂value/∂theta into `out` (length = parameters) and returns the value. */
  gradient(theta: ArrayLike<number>, x: ArrayLike<number>, out: Float64Array): number;
  /**
   * Deterministic starts for the parameters that are not linear, from the data alone, the most plausible first.
   * The linear ones follow by least squares (variable projection).
   */
  starts(x: readonly Float64Array[], loss: Float64Array): readonly (readonly number[])[];
}

/** Entry i of a vector; the caller keeps i within its length. */
export function at(vector: ArrayLike<number>, i: number): number {
  return vector[i] ?? Number.NaN;
}

/** All combinations of the given values, the first list varying slowest: starts on a grid. */
export function grid(...axes: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return axes.reduce<readonly (readonly number[])[]>(
    (rows, axis) => rows.flatMap((row) => axis.map((value) => [...row, value])),
    [[]],
  );
}

/** The variable that a law extrapolates along: tokens where it has them, else its last. */
export function mainVariable(law: Law): number {
  const tokens = law.variables.indexOf("tokens");
  return tokens >= 0 ? tokens : law.variables.length - 1;
}
