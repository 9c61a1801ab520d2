// The order of what was logged: a counter that falls is a resumed run, whose steps past the point of resumption were
// abandoned, or a second run in the same file. Rows that are merely out of order are neither.

/** One record in the order of the file. */
export interface Counted {
  readonly counter: number;
  /** What was logged: a series falls within one of these, not between two (evaluations may lag behind). */
  readonly series: readonly string[];
}

export interface Ordered {
  /** The run of each record, counted from 0. */
  readonly part: readonly number[];
  /** Records that a resumed run logged again or left behind. */
  readonly superseded: ReadonlySet<number>;
  /** Where the counter fell, and what that was. */
  readonly falls: readonly Fall[];
  /** The first fall, where there are too many for a run that was resumed: rows out of order, or several runs in one file. */
  readonly unordered: Drop | null;
}

export interface Drop {
  /** The record after the fall. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

export interface Fall extends Drop {
  readonly kind: "resumed" | "second run";
  /** Records superseded by it. */
  readonly dropped: number;
}

/** A run is preempted seldom against what it logs: more than one fall in so many records is no resumption. */
const RECORDS_A_FALL = 8;
const MOST_FALLS = 1000;

export function orderOf(records: readonly Counted[]): Ordered {
  const drops = fallsOf(records);
  const told = records.filter(({ series }) => series.length > 0).length;
  const many = drops.length > Math.min(MOST_FALLS, Math.max(1, Math.floor(told / RECORDS_A_FALL)));
  const part = Array<number>(records.length).fill(0);
  const superseded = new Set<number>();
  const falls: Fall[] = [];
  let [start, index] = [0, 0];
  if (!many) {
    drops.forEach(({ at, from, to }, i) => {
      const own = records.slice(start, at).map(({ counter }) => counter);
      const next = records.slice(at, drops[i + 1]?.at).map(({ counter }) => counter);
      // From the beginning again: at the first counter there was, or within one interval of zero.
      const second =
        to <= own.reduce((least, counter) => Math.min(least, counter), own[0] ?? 0) && fromStart(to, own, next);
      let dropped = 0;
      if (second) {
        index++;
        start = at;
      } else {
        for (let row = start; row < at; row++) {
          if ((records[row]?.counter ?? 0) < to || superseded.has(row)) continue;
          superseded.add(row);
          dropped++;
        }
      }
      for (let row = at; row < records.length; row++) part[row] = index;
      falls.push({ at, from, to, kind: second ? "second run" : "resumed", dropped });
    });
  }
  return { part, superseded, falls, unordered: many ? (drops[0] ?? null) : null };
}

function fromStart(to: number, before: readonly number[], after: readonly number[]): boolean {
  const gaps = [...gapsOf(before), ...gapsOf(after)].sort((a, b) => a - b);
  const gap = gaps[Math.floor(gaps.length / 2)] ?? Number.POSITIVE_INFINITY;
  return to <= gap || to === before[0];
}

const gapsOf = (counters: readonly number[]): readonly number[] =>
  counters.slice(1).flatMap((counter, i) => (counter > (counters[i] ?? 0) ? [counter - (counters[i] ?? 0)] : []));

/** Records whose counter is below the last one of a series of theirs. */
function fallsOf(records: readonly Counted[]): readonly Drop[] {
  const found: Drop[] = [];
  const last = new Map<string, number>();
  records.forEach(({ counter, series }, at) => {
    const from = Math.max(...series.map((name) => last.get(name) ?? Number.NEGATIVE_INFINITY));
    if (from > counter) {
      found.push({ at, from, to: counter });
      last.clear();
    }
    for (const name of series) last.set(name, counter);
  });
  return found;
}
