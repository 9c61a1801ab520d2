// How numbers read on a screen, in a table and in a sentence. Null is "–", never 0.

/** `value` to `digits` significant digits, thousands not grouped; "–" for null and for what is not finite. */
export function significant(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1e6 || magnitude < 1e-4) return value.toExponential(digits - 1).replace("e+", "e");
  return value.toPrecision(digits).includes("e") ? String(Math.round(value)) : value.toPrecision(digits);
}

/** `value` with a fixed number of decimals; "–" for null and for what is not finite. */
export function fixed(value: number | null | undefined, decimals: number): string {
  return value === null || value === undefined || !Number.isFinite(value) ? "–" : value.toFixed(decimals);
}

/** `fixed`, with a minus sign that is not a hyphen. */
export const decimal = (value: number | null | undefined, decimals: number): string =>
  fixed(value, decimals).replace("-", "−");

/** `decimal` with its sign also where it is a plus: "+0.0916". */
export function signedDecimal(value: number | null | undefined, decimals: number): string {
  return (value ?? 0) > 0 ? `+${decimal(value, decimals)}` : decimal(value, decimals);
}

/** A count with a unit prefix: 1536 → "1.54k", 2400000 → "2.40M". */
export function count(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  for (const [scale, prefix] of [
    [1e18, "E"],
    [1e15, "P"],
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    // From half a unit of the last digit below, so that 999.9e9 reads 1.00T and not 1000G.
    if (Math.abs(value) >= 0.9995 * scale) return `${(value / scale).toPrecision(3)}${prefix}`;
  }
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}

/** Seconds as "42 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
}

/** A share as a percentage without the rounding of binary fractions: .57 → "57%". */
export const percent = (share: number): string => `${Number((100 * share).toPrecision(12))}%`;
