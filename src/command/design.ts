// rinsight design: what a study of given horizons and seeds will be able to say, before it is run.
import type { Command } from "commander";
import { InputError, shown } from "../base/errors.js";
import { count, significant } from "../base/format.js";
import {
  alternatives,
  cheapestDesign,
  type DesignOutcome,
  evaluateDesign,
  studyFromCurves,
} from "../compare/design.js";
import { logHorizons, type Noise, type PowerLaw, type StudyPlan } from "../compare/simulate.js";
import type { Observations } from "../curve/observations.js";
import { loadAnalysis } from "./analysis-options.js";
import { newCommand } from "./command.js";
import { number, share, whole } from "./flags.js";

interface DesignFlags {
  readonly law?: string;
  readonly noise?: string;
  readonly correlation?: string;
  readonly noiseSlope?: string;
  readonly runEffect?: string;
  readonly changeLimit: string;
  readonly changeExponent: string;
  readonly horizons?: string;
  readonly seeds: string;
  readonly power?: string;
  readonly simulations: string;
  readonly seed: string;
  readonly level: string;
  readonly x?: string;
  readonly y?: string;
  readonly by?: string;
  readonly pairBy?: string;
  readonly json?: boolean;
}

export function command(): Command {
  return newCommand(
    "design",
    "plan a study: expected intervals, power to attribute, the cheapest plan that reaches it",
    "rinsight design --law 2.2,60,.25 --noise .005 --correlation .5 --change-limit -.05 --horizons 3e6:1e9:8 --seeds 3",
  )
    .argument("[FILE...]", "curves to take the baseline's law (the first group) and the noise from")
    .option("--law <LIMIT,COEFFICIENT,EXPONENT>", "the baseline's law, in place of the curves'")
    .option("--noise <NATS>", "standard deviation of a run's final loss, in place of the curves'")
    .option("--correlation <R>", "share of its variance common to all schemes at a horizon and seed")
    .option("--noise-slope <S>", "the noise grows as x^S; --noise is that in the middle of log x")
    .option(
      "--run-effect <NATS>",
      "standard deviation of what all horizons of a run share; one run then supplies them all",
    )
    .option(
      "--change-limit <NATS>",
      "what the other scheme's limit differs by; both laws agree at the first horizon",
      "0",
    )
    .option("--change-exponent <C>", "what the other scheme's exponent differs by", "0")
    .option(
      "--horizons <FROM:TO:COUNT>",
      "values of x at which runs end, evenly spaced in log x (default: 6 over the range of the curves, else 1e7:1e9:6)",
    )
    .option("--seeds <N>", "runs a horizon", "3")
    .option("--power <P>", "also look for the cheapest plan near this one that names the truth this often")
    .option("--simulations <N>", "simulated data sets a plan", "200")
    .option("--level <LEVEL>", "confidence level of the intervals", ".95")
    .option("--seed <SEED>", "seed of the simulations", "0")
    .option("--x <COL>", "column of x in the curves")
    .option("--y <COL>", "column of the loss in the curves")
    .option("--by <COL,…>", "columns that tell schemes apart in the curves")
    .option("--pair-by <COL,…>", "columns that match points across schemes: horizon and seed")
    .action(async (files: readonly string[], flags: DesignFlags) => {
      const { baseline, noise: seen, range } = await study(files, flags);
      const [from = 0, to = 0, horizons = 0] =
        flags.horizons === undefined ? [...range, 6] : numbers("--horizons", flags.horizons, ":", 3);
      if (!(from > 0 && to > from)) {
        throw new InputError(
          `--horizons: must rise from a positive x, got ${shown(flags.horizons ?? `${from}:${to}`)}; write 1e7:1e9:6`,
        );
      }
      const plan: StudyPlan = {
        horizons: logHorizons(from, to, whole("--horizons COUNT", String(horizons), 1, 100)),
        seeds: whole("--seeds", flags.seeds, 1, 1000),
      };
      const laws = [baseline, changed(baseline, flags, from)];
      const noise = noiseOf(seen, flags, Math.sqrt(from * to));
      const options = {
        simulations: whole("--simulations", flags.simulations, 1, 100_000),
        level: share("--level", flags.level),
        seed: whole("--seed", flags.seed),
      };
      const outcome = evaluateDesign(laws, noise, plan, options);
      const search =
        flags.power === undefined
          ? null
          : cheapestDesign(laws, noise, alternatives(plan), share("--power", flags.power), options);
      const result = { laws, noise, plan: outcome, cheapest: search?.cheapest ?? null, tried: search?.tried ?? [] };
      process.stdout.write(
        flags.json === true ? `${JSON.stringify(result, null, 2)}\n` : designText(laws, noise, outcome, search),
      );
    });
}

interface Study {
  readonly baseline: PowerLaw;
  readonly noise: Noise;
  /** Least and largest x of the curves: their unit may be FLOPs, far from the usual counts of tokens. */
  readonly range: readonly [number, number];
}

async function study(files: readonly string[], flags: DesignFlags): Promise<Study> {
  const groups = files.length === 0 ? null : (await loadAnalysis(files, curveFlags(flags))).groups;
  const curves = groups === null ? null : studyFromCurves(groups);
  if (curves === null && (flags.law === undefined || flags.noise === undefined)) {
    throw new InputError("design: needs curves, or --law and --noise, got neither; see rinsight design --help");
  }
  const [limit = 0, coefficient = 0, exponent = 0] = flags.law === undefined ? [] : numbers("--law", flags.law, ",", 3);
  const baseline = flags.law === undefined ? curves?.baseline : { limit, coefficient, exponent };
  if (baseline === undefined || !(baseline.limit >= 0 && baseline.coefficient > 0 && baseline.exponent > 0)) {
    throw new InputError(`--law: limit must not be negative, the others positive, got ${shown(flags.law)}; mend it`);
  }
  const standardDeviation =
    flags.noise === undefined ? curves?.noise.standardDeviation : number("--noise", flags.noise);
  const correlation =
    flags.correlation === undefined ? (curves?.noise.correlation ?? 0) : number("--correlation", flags.correlation);
  if (standardDeviation === undefined || !(standardDeviation > 0) || !(correlation >= 0 && correlation <= 1)) {
    throw new InputError("design: --noise must be positive and --correlation from 0 to 1; mend them");
  }
  const noise = { ...(flags.noise === undefined ? curves?.noise : {}), standardDeviation, correlation };
  return { baseline, noise, range: groups === null ? [1e7, 1e9] : rangeOf(groups) };
}

/** The noise of the curves, or of the flags where they are given. */
function noiseOf(seen: Noise, { noiseSlope, runEffect }: DesignFlags, centre: number): Noise {
  const slope = noiseSlope === undefined ? null : number("--noise-slope", noiseSlope);
  const shared = runEffect === undefined ? null : number("--run-effect", runEffect);
  if (shared !== null && !(shared >= 0)) {
    throw new InputError(`--run-effect: must not be negative, got ${shown(runEffect)}; 0 for runs of one point each`);
  }
  return {
    ...seen,
    ...(slope === null ? {} : { along: { slope, centre: seen.along?.centre ?? centre } }),
    ...(shared === null ? {} : { runEffect: shared }),
  };
}

function rangeOf(groups: readonly Observations[]): readonly [number, number] {
  let [least, largest] = [Number.POSITIVE_INFINITY, 0];
  for (const { x } of groups) {
    for (const value of x[0] ?? []) [least, largest] = [Math.min(least, value), Math.max(largest, value)];
  }
  return [least, largest];
}

/** The analysis of the curves, at the defaults of rinsight fit. */
function curveFlags(flags: DesignFlags) {
  return {
    ...(flags.x === undefined ? {} : { x: flags.x }),
    ...(flags.y === undefined ? {} : { y: flags.y }),
    ...(flags.by === undefined ? {} : { by: flags.by }),
    ...(flags.pairBy === undefined ? {} : { pairBy: flags.pairBy }),
    law: "power-law-with-limit",
    loss: "squared",
    space: "log",
    interval: "delta",
    level: ".95",
    seed: "0",
    heldOut: "0",
  };
}

/** The other scheme: limit and exponent changed, the coefficient so that both laws agree at the smallest horizon. */
function changed(baseline: PowerLaw, flags: DesignFlags, smallest: number): PowerLaw {
  const limit = baseline.limit + number("--change-limit", flags.changeLimit);
  const exponent = baseline.exponent + number("--change-exponent", flags.changeExponent);
  const excess = baseline.limit + baseline.coefficient * smallest ** -baseline.exponent - limit;
  if (!(limit >= 0 && exponent > 0 && excess > 0)) {
    throw new InputError("design: the changed law must keep a limit of 0 or more and a positive exponent; change less");
  }
  return { limit, exponent, coefficient: excess * smallest ** exponent };
}

function designText(
  laws: readonly PowerLaw[],
  noise: Noise,
  outcome: DesignOutcome,
  search: { readonly cheapest: DesignOutcome | null; readonly tried: readonly DesignOutcome[] } | null,
): string {
  const lines = [
    ...laws.map(
      ({ limit, coefficient, exponent }, i) =>
        `${i === 0 ? "baseline" : "other   "}  ${significant(limit)} + ${significant(coefficient)}·x^−${significant(exponent)}`,
    ),
    `noise     ${significant(noise.standardDeviation, 3)} nats${alongText(noise)}, correlation ${significant(noise.correlation, 2)} between schemes${runText(noise)}`,
    "",
    planLine(outcome),
    `  half-widths: limit ${significant(outcome.halfWidth.limit, 3)}, exponent ${significant(outcome.halfWidth.exponent, 3)}`,
    `  of the paired difference: limit ${significant(outcome.differenceHalfWidth.limit, 3)}, exponent ${significant(outcome.differenceHalfWidth.exponent, 3)}`,
    `  verdicts: ${Object.entries(outcome.verdicts)
      .map(([verdict, n]) => `${verdict} ${n}`)
      .join(", ")} of ${outcome.simulations}; false attribution ${significant(outcome.falseAttribution, 2)}`,
  ];
  if (search !== null) {
    lines.push("", `Of ${search.tried.length} plans looked at, cheapest first:`);
    if (search.cheapest !== null) lines.push(planLine(search.cheapest));
    else lines.push("  none reaches the power; plan further or quieter", ...bestLine(search.tried));
  }
  return `${lines.join("\n")}\n`;
}

function alongText({ along }: Noise): string {
  return along === undefined || along.slope === 0
    ? ""
    : ` at ${count(along.centre)}, growing as x^${significant(along.slope, 2)}`;
}

function runText({ runEffect }: Noise): string {
  return runEffect === undefined || runEffect === 0
    ? ""
    : `, and ${significant(runEffect, 3)} that the horizons of a run share`;
}

/** The plan with the most power, the cheaper of equals. */
function bestLine(tried: readonly DesignOutcome[]): readonly string[] {
  const best = tried.reduce<DesignOutcome | null>(
    (most, one) => ((one.power ?? 0) > (most?.power ?? -1) ? one : most),
    null,
  );
  return best === null ? [] : [`  the best of them, by ${best.simulations} simulations: ${planLine(best)}`];
}

function planLine(outcome: DesignOutcome): string {
  const { horizons, seeds, cost, power, truth } = outcome;
  return `${horizons.length} horizons from ${count(horizons[0])} to ${count(horizons.at(-1))}, ${seeds} seeds, ${count(cost)} in all: power ${significant(power, 2)} to name ${truth}`;
}

function numbers(flag: string, text: string, separator: string, length: number): readonly number[] {
  const values = text.split(separator).map((part) => number(flag, part));
  if (values.length !== length) {
    throw new InputError(`${flag}: must be ${length} numbers with ${separator} between, got ${shown(text)}; mend it`);
  }
  return values;
}
