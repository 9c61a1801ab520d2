// Laws by name, and the way from what a user types to a law.
import { InputError, nearestName, shown } from "../base/errors.js";
import { brokenPowerLaw, twiceBrokenPowerLaw } from "./broken.js";
import { chinchilla, chinchillaTied, loopedLaw } from "./chinchilla.js";
import { formulaLaw } from "./formula.js";
import type { Law } from "./law.js";
import { powerLaw, powerLawWithLimit } from "./power-law.js";
import { exponentialApproach, powerApproach } from "./rounds.js";
import { shiftedPowerLaw, sigmoidPowerLaw } from "./shifted.js";

/**
 * Every named law; the first is the default.
 *
 * @example
 * import { LAWS } from "rinsight";
 *
 * for (const law of LAWS) console.log(law.name, law.formula);
 */
export const LAWS: readonly Law[] = [
  powerLawWithLimit,
  powerLaw,
  shiftedPowerLaw,
  sigmoidPowerLaw,
  brokenPowerLaw,
  twiceBrokenPowerLaw,
  exponentialApproach,
  powerApproach,
  chinchilla,
  chinchillaTied,
  loopedLaw,
];

/**
 * The law of that name, or the one a formula such as "E + A/N^alpha + B/D^beta" states. A named law has variables of its
 * own, to which columns are mapped; in a formula the variables are the names found among `columns`.
 * Throws InputError for an unknown name and for a formula that is no plain arithmetic.
 *
 * @example
 * import { lawByName } from "rinsight";
 *
 * const law = lawByName("E + A/N^alpha + B/D^beta", ["N", "D"]);
 * console.log(law.variables.join()); // N,D
 */
export function lawByName(nameOrFormula: string, columns: readonly string[] = []): Law {
  const named = LAWS.find((law) => law.name === nameOrFormula);
  if (named !== undefined) return named;
  if (/[^\w-]/.test(nameOrFormula)) return formulaLaw(nameOrFormula, columns);
  const names = LAWS.map((law) => law.name);
  const nearest = nearestName(nameOrFormula, names);
  throw new InputError(
    `--law: law must be one of ${names.join(", ")} or a formula, got ${shown(nameOrFormula)}; ${nearest === null ? 'a formula reads "E + A/N^alpha"' : `did you mean ${nearest}?`}`,
  );
}
