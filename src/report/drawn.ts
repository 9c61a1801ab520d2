// Numbers made for drawing.

/** 7 significant digits: keeps specs small and free of the last bits of Math.pow. */
export const drawn = (value: number): number => Number(value.toPrecision(7));

/** The same, of a number that may be missing. */
export const drawnOrNull = (value: number | null): number | null => (value === null ? null : drawn(value));
