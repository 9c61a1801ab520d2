/** Item i of a list; a place beyond it is a slip of the code and ends there, instead of going on as a plausible value. */
export function item<T>(list: readonly T[], i: number): T {
  const found = list.at(i);
  if (found === undefined) throw new RangeError(`item ${i} of a list of ${list.length}`);
  return found;
}
