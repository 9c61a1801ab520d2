// Who is ahead at equal compute, in words: the losses at one budget, how the gap moves along the budgets, the ranking.
// Every number comes out of the Analysis.
import { count, fixed, signedDecimal } from "../base/format.js";
import type { Crossover, Multiplier, MultiplierPoint } from "../compare/comparison.js";
import { lossDifferences } from "./answer.js";
import { intervalText, pText } from "./interval-text.js";
import type { Analysis } from "./record.js";

const UNIT = { flops: "FLOPs", tokens: "tokens" } as const;
const ONE = { flops: "FLOP", tokens: "token" } as const;
/** Schemes that a sentence names; more are counted. */
const MOST_NAMED = 3;
/** More schemes than this are read in the chart and the table. */
const MOST_SENTENCES = 8;

/** "At 3.00T FLOPs all 5 schemes have a higher loss than baseline, by 0.092 to 0.193 nats."; null without a comparison. */
export function lossSummary(analysis: Analysis): string | null {
  const { baseline, budget, rows } = lossDifferences(analysis);
  if (budget === null || rows.length === 0) return null;
  const short = shortNames(analysis);
  const base = short(baseline);
  const told = (sign: number) => rows.filter((row) => row.clear && Math.sign(row.difference) === sign);
  const parts = [
    { have: "a lower loss than", about: told(-1) },
    { have: "a higher loss than", about: told(1) },
    { have: null, about: rows.filter((row) => !row.clear) },
  ].filter(({ about }) => about.length > 0);
  const said = parts.map(({ have, about }, place) => {
    const who = counted(
      about.map(({ scheme }) => short(scheme)),
      rows.length,
    );
    const than = place === 0 ? base : "it";
    if (have === null && about.length === rows.length && rows.length > 2) {
      return `none of the ${rows.length} schemes can be told from ${base}`;
    }
    if (have === null) return `${who} cannot be told from ${than}`;
    const sizes = about.map((row) => fixed(Math.abs(row.difference), 3)).sort();
    const by = new Set(sizes).size === 1 ? sizes[0] : `${sizes[0]} to ${sizes.at(-1)}`;
    return `${who} ${about.length === 1 ? "has" : "have"} ${have} ${than}, by ${by} nats`;
  });
  return `At ${count(budget)} ${UNIT[analysis.comparisonVariable]} ${said.join("; ")}.`;
}

/**
 * One sentence a scheme: its loss against the baseline's at equal compute by the laws, with the interval and test over all
 * schemes, and what the matched runs themselves say; a few schemes in words.
 */
export function lossSentences(analysis: Analysis): readonly string[] {
  const { baseline, budget, rows } = lossDifferences(analysis);
  if (rows.length > MOST_SENTENCES) return [];
  return rows.map(({ scheme, difference, simultaneous, adjustedPValue, detectable, clear, bend, measured }) => {
    const says = clear ? (difference < 0 ? "is lower than" : "is higher than") : "cannot be told from";
    const unseen =
      clear || bend !== null || detectable === null
        ? ""
        : `; 80 of 100 such studies would show a difference of ${fixed(detectable, 4)}`;
    const adjusted = adjustedPValue === null ? "" : `, ${pText(adjustedPValue)} over all schemes`;
    const bends =
      bend === null
        ? ""
        : `; the data reject the shape of the laws, and a bend would move it by ${signedDecimal(bend, 4)}`;
    const runs =
      measured === null
        ? ""
        : `; by ${measured.pairs} pairs of runs ${signedDecimal(measured.difference, 4)} ${intervalText(measured.simultaneous, 4)}, ${pText(measured.adjustedPValue)}`;
    return `At ${count(budget)} ${UNIT[analysis.comparisonVariable]} the loss of ${scheme} by its fitted law ${says} that of ${baseline}: ${signedDecimal(difference, 4)} nats${simultaneous === null ? "" : ` ${intervalText(simultaneous, 4)}`}${adjusted}${unseen}${bends}${runs}.`;
  });
}

/**
 * How the gap moves with the budget: where laws cross inside the data, and which schemes are behind and catch up, or
 * fall back, by multipliers at the ends of the data whose intervals do not touch; of the others the multiplier at the last
 * budget where it is told from 1. Empty where nothing of this is told.
 */
export function gapSentences(analysis: Analysis): readonly string[] {
  const { comparison, comparisonVariable } = analysis;
  if (comparison === null || comparison.multipliers.length > MOST_SENTENCES) return [];
  const short = shortNames(analysis);
  const base = short(comparison.baseline);
  const unit = UNIT[comparisonVariable];
  // What cannot be told apart at the budget of the headline is not said to have overtaken before it.
  const told = new Set(lossDifferences(analysis).rows.flatMap(({ scheme, clear }) => (clear ? scheme : [])));
  const multipliers = comparison.multipliers.filter(({ scheme }) => told.has(scheme));
  const crossed = multipliers.filter(({ crossover }) => crossover.position === "inside" && crossover.interval !== null);
  const turn = (says: string, ahead: boolean) => {
    const about = crossed.filter(({ last }) => (last.multiplier ?? Number.POSITIVE_INFINITY) > 1 === ahead);
    const [first, ...others] = about.map(({ scheme, crossover }) => [short(scheme), crossingText(crossover)] as const);
    if (first === undefined) return [];
    const rest = others.map(([name, where]) => `${name} at ${where}`);
    return [`By the laws ${listed([`${first[0]} ${says} ${base} at ${first[1]}`, ...rest])} ${unit}.`];
  };
  const moves = multipliers.flatMap((one) => {
    const move = crossed.includes(one) ? null : movement(one);
    return move === null ? [] : [{ scheme: short(one.scheme), ...move }];
  });
  const moved = Object.entries(MOVES).flatMap(([name, says]) => {
    const about = moves.filter((one) => one.move === name);
    // Of several the one that is furthest on is told in numbers.
    const shown = about.reduce<(typeof about)[number] | null>(
      (best, one) => ((one.last.multiplier ?? 0) > (best?.last.multiplier ?? 0) ? one : best),
      null,
    );
    if (shown === null) return [];
    const { scheme, first, last } = shown;
    const who =
      about.length === 1
        ? [scheme, says.one]
        : [
            counted(
              about.map((one) => one.scheme),
              comparison.multipliers.length,
            ),
            says.several,
          ];
    const which = about.length === 1 ? "" : `, ${scheme} first`;
    return [
      `${capital(who.join(" "))}${which}: a ${ONE[comparisonVariable]} of it is worth ${worth(first)} of ${base}'s at ${count(first.budget)} ${unit} and ${worth(last)} at ${count(last.budget)}.`,
    ];
  });
  const still = multipliers.filter(
    (one) => !crossed.includes(one) && !moves.some(({ scheme }) => scheme === short(one.scheme)) && isTold(one.last),
  );
  const [one, ...others] = still.slice(0, MOST_NAMED).map(({ scheme, last }) => ({ scheme: short(scheme), last }));
  const stays =
    one === undefined
      ? []
      : [
          `At ${count(one.last.budget)} ${unit} a ${ONE[comparisonVariable]} of ${listed([
            `${one.scheme} is worth ${worth(one.last)} of ${base}'s`,
            ...others.map(({ scheme, last }) => `one of ${scheme} ${worth(last)}`),
          ])}.`,
        ];
  return [...turn("overtakes", true), ...turn("falls behind", false), ...moved, ...stays];
}

const MOVES = {
  near: { one: "is behind and catches up", several: "are behind and catch up" },
  far: { one: "falls further behind", several: "fall further behind" },
  gain: { one: "gains on the baseline", several: "gain on the baseline" },
  lose: { one: "loses its lead", several: "lose their lead" },
} as const;

/** Told apart from 1, the baseline's own worth. */
const isTold = ({ lower, upper }: MultiplierPoint): boolean =>
  lower !== null && upper !== null && (upper < 1 || lower > 1);

const worth = ({ multiplier, lower, upper }: MultiplierPoint) =>
  `${fixed(multiplier, 2)} [${fixed(lower, 2)}, ${fixed(upper, 2)}]`;

/** "all 5 schemes", the names of a few, "13 of 39 schemes". */
function counted(names: readonly string[], all: number): string {
  if (names.length === all && all > 2) return `all ${all} schemes`;
  return names.length <= MOST_NAMED ? listed(names) : `${names.length} of ${all} schemes`;
}

/** "1.88T [874G, 4.94T]", a side without an end as "∞". */
function crossingText({ budget, interval }: Crossover): string {
  const side = (value: number | null | undefined, open: string) => (value == null ? open : count(value));
  return `${count(budget)} [${side(interval?.lower, "0")}, ${side(interval?.upper, "∞")}]`;
}

/** The multiplier at the first and the last budget inside the data, where it moves by more than their intervals allow. */
function movement({ curve, last }: Multiplier): {
  readonly move: keyof typeof MOVES;
  readonly first: MultiplierPoint;
  readonly last: MultiplierPoint;
} | null {
  const first = curve.find((point) => !point.extrapolated);
  if (first === undefined || last.extrapolated) return null;
  if (first.lower === null || first.upper === null || last.lower === null || last.upper === null) return null;
  if (first.upper < last.lower) return { first, last, move: last.upper < 1 ? "near" : "gain" };
  if (last.upper < first.lower) return { first, last, move: last.upper < 1 ? "far" : "lose" };
  return null;
}

/** How many schemes the ranking names after the first. */
const RUNNERS_UP = 3;

/** The first of the ranking, and those after it in a second sentence; nothing with fewer than two schemes. */
export function rankingSentences({ ranking, comparisonVariable }: Analysis): readonly string[] {
  const [first, ...others] = ranking?.schemes ?? [];
  if (ranking === null || first === undefined || others.length === 0) return [];
  const spread = ({ loss, lowest, highest, points }: typeof first) =>
    `${fixed(loss, 4)}${points > 1 ? ` (${points} points from ${fixed(lowest, 4)} to ${fixed(highest, 4)})` : ""}`;
  const next = others.slice(0, RUNNERS_UP).map((one) => `${one.label} ${spread(one)}`);
  return [
    `At ${count(ranking.budget)} ${UNIT[comparisonVariable]} the lowest mean loss of ${ranking.schemes.length} schemes is that of ${first.label}.`,
    `Its mean is ${spread(first)} nats per token; then ${others.length === 1 ? "comes" : "come"} ${listed(next)}.`,
  ];
}

/** A scheme's label without its signature, where that still tells the schemes apart. */
function shortNames({ schemes }: Analysis): (label: string) => string {
  const cut = schemes.map(({ label, signature }) =>
    signature !== null && label.endsWith(` (${signature})`) ? label.slice(0, -signature.length - 3) : label,
  );
  const names = new Map(schemes.map(({ label }, order) => [label, cut[order] ?? label]));
  return (label) => {
    const name = names.get(label) ?? label;
    return cut.filter((one) => one === name).length === 1 ? name : label;
  };
}

/** The words of a count begin a sentence; a scheme's own name stays as it is. */
const capital = (text: string): string => text.replace(/^all (?=\d)/, "All ");

/** "a", "a and b", "a, b and c". */
const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
