// How the law of loss in tokens depends on rounds: forms of E(r) and c(r) fitted as one grouped law, and chosen by what they
// predict of the largest budgets, kept out.
import { FitError, InputError } from "../base/errors.js";
import { mean, standardErrorOfMean } from "../base/mean.js";
import type { Observations } from "../curve/observations.js";
import { fitGroups } from "../fit/fit.js";
import { pick } from "../fit/held-out.js";
import { predict } from "../fit/predict.js";
import type { Fit, GroupedFit, Prediction, Sharing } from "../fit/record.js";
import { powerLawWithLimit } from "../law/power-law.js";

/** φ and α of the joint law of looped models, L = E + A (N_once + r^φ N_rec)^−α + … (arXiv 2604.21106), halves alike. */
const PHI = "(1 + rounds^0.459)^-0.199";

/** The fewest parameters first. What is neither shared nor a function of rounds is each number of rounds' own. */
const FORMS: readonly { readonly name: string; readonly sharing: Sharing }[] = [
  { name: "nothing by rounds", sharing: { share: ["limit", "coefficient", "exponent"], by: {} } },
  { name: "E log-linear", sharing: { share: ["coefficient", "exponent"], by: { limit: "log(rounds)" } } },
  { name: "E through φ", sharing: { share: ["coefficient", "exponent"], by: { limit: PHI } } },
  { name: "c log-linear", sharing: { share: ["limit", "coefficient"], by: { exponent: "log(rounds)" } } },
  {
    name: "E and c log-linear",
    sharing: { share: ["coefficient"], by: { limit: "log(rounds)", exponent: "log(rounds)" } },
  },
  { name: "E free", sharing: { share: ["coefficient", "exponent"], by: {} } },
  { name: "c free", sharing: { share: ["limit", "coefficient"], by: {} } },
  { name: "all free", sharing: { share: [], by: {} } },
];

/** Standard errors by which a simpler form may be behind: noise of the points kept out chooses among forms that all hold. */
const LENIENCE = 2;
/** Largest budgets that are predicted in turn, and the least that a fit must have. */
const MOST_CUTS = 3;
const LEAST_FITTED = 4;

/** The points of one number of rounds, as fitted and as predicted. */
interface Part {
  readonly kept: Observations;
  readonly heldOut: Observations;
}

export interface RoundsForm {
  readonly name: string;
  readonly sharing: Sharing;
  /** Root mean square of log(predicted/observed) at the budgets kept out; null where the fit failed. */
  readonly score: number | null;
  /** Squared error less that of the best form, mean over budgets and rounds, with its standard error over them. */
  readonly behind: { readonly mean: number; readonly standardError: number } | null;
}

export interface LawByRounds {
  readonly forms: readonly RoundsForm[];
  /** The simplest form within two standard errors of the best, fitted to all points. */
  readonly chosen: { readonly name: string; readonly fit: GroupedFit };
  /** Losses of the chosen form at the asked tokens, by rounds. */
  readonly forecasts: readonly { readonly rounds: number; readonly at: readonly Prediction[] }[];
  /** How many of the largest budgets were predicted in turn, each from those below it. */
  readonly cuts: number;
}

/**
 * L = E(r) + β·D^−c(r) for runs of one size, `observations.x` = [rounds, tokens]: eight forms from no dependence to one law a
 * number of rounds. Each of the largest
 * budgets, up to three, is predicted from those below it, and the forms are scored by that.
 * Throws InputError with fewer than two numbers of rounds or five token counts, FitError where no form can be fitted.
 *
 * @example
 * import { lawByRounds, observe, tableOf } from "rinsight";
 *
 * const runs = [1, 2, 3].flatMap((rounds) =>
 *   [1e6, 2e6, 4e6, 8e6, 16e6, 32e6].map((tokens) => ({ rounds, tokens, loss: 2 - 0.1 * Math.log(rounds) + 300 * tokens ** -0.4 })),
 * );
 * const { groups } = observe(tableOf("mine", runs), ["rounds", "tokens"]);
 * for (const group of groups) console.log(lawByRounds(group, []).chosen.name); // E log-linear
 */
export function lawByRounds(observations: Observations, tokens: readonly number[], level = 0.95): LawByRounds {
  const groups = byRounds(observations);
  const rounds = groups.map(({ group }) => Number(group.rounds));
  if (new Set(rounds).size < 2 || rounds.some((r) => !(r >= 1))) {
    throw new InputError(
      `forecast: --rounds needs groups of at least two numbers of rounds, got ${rounds.join(", ")}; give runs of one scheme family`,
    );
  }
  const cuts = cutsOf(groups);
  const parts = cuts.map((cut) => groups.map((group) => partedAt(group, cut)));
  const errors = FORMS.map(({ sharing }) => errorsOf(parts, sharing));
  const scores = errors.map((list) => (list === null ? null : Math.sqrt(mean(list))));
  const best = scores.reduce<number>((found, score, i) => {
    const other = scores[found];
    return score !== null && (other == null || score < other) ? i : found;
  }, 0);
  const reference = errors[best];
  if (reference == null)
    throw new FitError("forecast: no form of the law by rounds could be fitted; give more budgets a run");
  const forms = FORMS.map(({ name, sharing }, i): RoundsForm => {
    const list = errors[i];
    if (list == null) return { name, sharing, score: null, behind: null };
    const away = list.map((error, k) => error - (reference[k] ?? Number.NaN));
    return {
      name,
      sharing,
      score: scores[i] ?? null,
      behind: { mean: mean(away), standardError: standardErrorOfMean(away) },
    };
  });
  const simplest =
    forms.find(({ behind }) => behind !== null && behind.mean <= LENIENCE * behind.standardError) ?? forms[best];
  if (simplest === undefined) throw new Error("forecast: the best form is among the forms");
  const fit = fitGroups(powerLawWithLimit, groups, simplest.sharing, { level });
  const forecasts = fit.groups.map((one, g) => ({
    rounds: rounds[g] ?? Number.NaN,
    at: predict(powerLawWithLimit, one, [Float64Array.from(tokens)], { level }),
  }));
  return {
    forms,
    chosen: { name: simplest.name, fit },
    forecasts,
    cuts: cuts.length,
  };
}

/** The points of each number of rounds, as groups of tokens. */
function byRounds(observations: Observations): readonly Observations[] {
  const rounds = observations.x[0] ?? new Float64Array(0);
  return [...new Set(rounds)]
    .sort((a, b) => a - b)
    .map((r) => {
      const own = pick(
        observations,
        Array.from(rounds.keys()).filter((i) => rounds[i] === r),
      );
      return { ...own, x: own.x.slice(1), group: { ...own.group, rounds: String(r) } };
    });
}

const tokensOf = (group: Observations): Float64Array => group.x[0] ?? new Float64Array(0);

/** Token ranks to predict, from the largest down: at least four are left to fit each time. */
function cutsOf(groups: readonly Observations[]): readonly number[] {
  const fewest = Math.min(...groups.map((group) => new Set(tokensOf(group)).size));
  const cuts = Math.min(MOST_CUTS, fewest - LEAST_FITTED);
  if (cuts < 1) {
    throw new InputError(
      `forecast: --rounds needs ${LEAST_FITTED + 1} token counts or more at every number of rounds, got ${fewest}; give more budgets`,
    );
  }
  return Array.from({ length: cuts }, (_, k) => k + 1);
}

/** The points below the `cut` largest token counts, and those at the least of these. */
function partedAt(group: Observations, cut: number): Part {
  const counts = [...new Set(tokensOf(group))].sort((a, b) => b - a);
  const bound = counts[cut - 1] ?? Number.NaN;
  const places = Array.from(tokensOf(group).keys());
  const at = (holds: (tokens: number) => boolean) =>
    pick(
      group,
      places.filter((i) => holds(tokensOf(group)[i] ?? 0)),
    );
  return { kept: at((tokens) => tokens < bound), heldOut: at((tokens) => tokens === bound) };
}

/** Mean squared log errors at the points kept out, one a cut and number of rounds; null where a fit fails. */
function errorsOf(parts: readonly (readonly Part[])[], sharing: Sharing): readonly number[] | null {
  const errors: number[] = [];
  for (const cut of parts) {
    let fits: readonly Fit[];
    try {
      fits = fitGroups(
        powerLawWithLimit,
        cut.map(({ kept }) => kept),
        sharing,
      ).groups;
    } catch (error) {
      if (error instanceof FitError) return null;
      throw error;
    }
    cut.forEach(({ heldOut }, g) => {
      const theta = powerLawWithLimit.parameters.map(({ name }) => fits[g]?.parameters[name]?.estimate ?? Number.NaN);
      const squares = Array.from(heldOut.loss, (loss, i) => {
        const predicted = powerLawWithLimit.value(theta, [tokensOf(heldOut)[i] ?? Number.NaN]);
        return Math.log(predicted / loss) ** 2;
      });
      errors.push(mean(squares));
    });
  }
  return errors;
}
