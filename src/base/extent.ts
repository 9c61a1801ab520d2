// The ends of a column. Math.min(...column) overflows the stack at some hundred thousand values.

/** [least, largest]; [∞, −∞] of nothing, NaN where one value is. */
export function extent(values: ArrayLike<number>): readonly [number, number] {
  let [least, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    [least, largest] = [Math.min(least, value), Math.max(largest, value)];
  }
  return [least, largest];
}
