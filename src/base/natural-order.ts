// The order in which people list names with numbers in them: s1, s2, s10.

/** By runs of digits as numbers and everything else by code unit: the same order on every machine. */
export function naturalOrder(a: string, b: string): number {
  const [left, right] = [a.match(PARTS) ?? [], b.match(PARTS) ?? []];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [one = "", other = ""] = [left[i], right[i]];
    const difference = Number(one) - Number(other);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
    if (one !== other && Number.isNaN(difference)) return one < other ? -1 : 1;
  }
  return left.length - right.length || (a < b ? -1 : a > b ? 1 : 0);
}

const PARTS = /\d+|\D+/g;
