// Runs that would be fitted as one scheme although they were not trained alike: said aloud, never averaged in silence.
import { canonicalJson } from "../../base/json.js";
import { isRecord } from "./json-lines.js";
import type { Run } from "./read-run.js";

/** What runs of one scheme may differ in: their seed, and the horizons that equal compute gives them. */
const FREE = ["scheme", "seed", "horizons"];

/** One sentence for each scheme whose runs differ in anything else, with the settings and their values. */
export function mixedSettings(runs: readonly Run[]): readonly string[] {
  return [...new Set(runs.map((run) => run.header.scheme.label))].flatMap((scheme) => {
    const settings = runs
      .filter((run) => run.header.scheme.label === scheme)
      .map((run) => flat(run.header.configuration));
    const names = [...new Set(settings.flatMap((one) => [...one.keys()]))];
    const differing = names.flatMap((name) => {
      const values = [...new Set(settings.map((one) => one.get(name) ?? "none"))];
      return values.length > 1 ? [`${name} (${values.sort().join(", ")})`] : [];
    });
    return differing.length === 0
      ? []
      : [
          `${scheme}: its runs differ in ${differing.join(" and ")} and count as one scheme; give those of one setting alone`,
        ];
  });
}

/** Settings by dotted name, values as text. */
function flat(configuration: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(configuration)
      .filter(([name]) => !FREE.includes(name))
      .flatMap(([name, value]) =>
        isRecord(value)
          ? Object.entries(value).map(([inner, leaf]) => [`${name}.${inner}`, canonicalJson(leaf)] as const)
          : [[name, canonicalJson(value)] as const],
      ),
  );
}
