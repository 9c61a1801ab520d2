// Approach 1: the lower envelope of training curves. Where one size overtakes the next, both cost the same loss, so the
// best size for that budget lies between them.
import { mean } from "../base/mean.js";
import type { Observations } from "../curve/observations.js";
import { at } from "../law/law.js";
import type { Answer, Envelope, Question } from "./allocation.js";
import { exponentsOfLine, lineThrough, optimaOfLine } from "./frontier.js";

const LEAST_POINTS = 4;
const GRID = 400;

interface Curve {
  readonly parameters: number;
  readonly logFlops: readonly number[];
  readonly logLoss: readonly number[];
}

/** Hoffmann et al. 2022, §3.1, read at the switches alone, which are the envelope's only independent points. */
export function envelope(observations: Observations, flops: Float64Array, question: Question): Answer<Envelope> {
  const curves = curvesOf(observations, flops);
  if (curves.length < 3) {
    return {
      kind: "unavailable",
      reason: `${curves.length} sizes have a training curve of ${LEAST_POINTS} points or more, an envelope needs 3: give more points of each run`,
    };
  }
  const low = Math.min(...curves.map(({ logFlops }) => logFlops[0] ?? 0));
  const high = Math.max(...curves.map(({ logFlops }) => logFlops.at(-1) ?? 0));
  const switches: { flops: number; from: number; to: number }[] = [];
  let before: Curve | null = null;
  let last = low;
  for (let i = 0; i <= GRID; i++) {
    const c = low + ((high - low) * i) / GRID;
    const best = lowestAt(curves, c);
    // A size that leads because its neighbour has no points there says nothing.
    if (best !== null && before !== null && best.parameters > before.parameters) {
      const both = covers(best, last) && covers(before, c);
      if (both) switches.push({ flops: Math.exp((c + last) / 2), from: before.parameters, to: best.parameters });
    }
    if (best !== null && (before === null || best.parameters > before.parameters)) before = best;
    last = c;
  }
  if (switches.length < 2) {
    return {
      kind: "unavailable",
      reason: `the envelope of ${curves.length} sizes has ${switches.length === 1 ? "one switch" : "no switch"} from a size to a larger one, a line needs 2: train curves that overlap in FLOPs`,
    };
  }
  const line = lineThrough(
    switches.map(({ flops: budget, from, to }) => ({
      flops: budget,
      parameters: { estimate: Math.sqrt(from * to), interval: null },
    })),
    question.level,
  );
  return {
    kind: "answer",
    value: {
      switches,
      exponents: line === null ? null : exponentsOfLine(line, question.compute),
      optima: line === null ? [] : optimaOfLine(line, question),
    },
  };
}

function curvesOf(observations: Observations, flops: Float64Array): readonly Curve[] {
  const bySize = new Map<number, number[]>();
  for (const [i, size] of (observations.x[0] ?? new Float64Array(0)).entries()) {
    bySize.set(size, [...(bySize.get(size) ?? []), i]);
  }
  return [...bySize]
    .sort(([a], [b]) => a - b)
    .flatMap(([parameters, positions]) => {
      const byFlops = new Map<number, number[]>();
      for (const i of positions)
        byFlops.set(at(flops, i), [...(byFlops.get(at(flops, i)) ?? []), at(observations.loss, i)]);
      if (byFlops.size < LEAST_POINTS) return [];
      const points = [...byFlops].sort(([a], [b]) => a - b);
      return [
        {
          parameters,
          logFlops: points.map(([c]) => Math.log(c)),
          logLoss: points.map(([, losses]) => mean(losses.map(Math.log))),
        },
      ];
    });
}

const covers = ({ logFlops }: Curve, c: number): boolean => c >= (logFlops[0] ?? 0) && c <= (logFlops.at(-1) ?? 0);

function lowestAt(curves: readonly Curve[], c: number): Curve | null {
  let [best, lowest]: [Curve | null, number] = [null, Number.POSITIVE_INFINITY];
  for (const curve of curves) {
    if (!covers(curve, c)) continue;
    const loss = interpolated(curve, c);
    if (loss < lowest) [best, lowest] = [curve, loss];
  }
  return best;
}

/** log loss at log FLOPs c, linear between points. */
function interpolated({ logFlops, logLoss }: Curve, c: number): number {
  const above = Math.max(
    1,
    logFlops.findIndex((value) => value >= c),
  );
  const [x0, x1] = [at(logFlops, above - 1), at(logFlops, above)];
  const share = (c - x0) / (x1 - x0);
  return at(logLoss, above - 1) * (1 - share) + at(logLoss, above) * share;
}
