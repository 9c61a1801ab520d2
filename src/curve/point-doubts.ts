// Doubts about the points of groups, before any law is fitted: points that stand twice, a loss that rises, schemes that
// are known by a single run.
import type { Warning } from "../base/errors.js";
import { mean } from "../base/mean.js";
import { wordsOf } from "./names.js";
import type { Observations } from "./observations.js";
import { isOneRun } from "./one-run.js";

export function pointDoubts(groups: readonly Observations[], y: string): readonly Warning[] {
  return [...duplicates(groups), ...rising(groups, y), ...oneRun(groups)];
}

/** Points that stand twice in the data count twice in a fit: said, since it is a slip more often than not. */
function duplicates(groups: readonly Observations[]): readonly Warning[] {
  let found = 0;
  for (const { x, loss, run } of groups) {
    for (let i = 1; i < loss.length; i++) {
      if (loss[i] === loss[i - 1] && x.every((values) => values[i] === values[i - 1]) && run?.[i] === run?.[i - 1])
        found++;
    }
  }
  if (found === 0) return [];
  return [
    {
      code: "duplicate-points",
      message: `${found} point${found === 1 ? " stands" : "s stand"} twice (same x and loss in one group) and count twice: remove them, or add a column that tells them apart`,
    },
  ];
}

/** Fewer points than this have no trend to speak of. */
const LEAST_TREND = 4;

function rising(groups: readonly Observations[], y: string): readonly Warning[] {
  const long = groups.filter(({ loss, x }) => loss.length >= LEAST_TREND && x.length === 1);
  const up = long.filter(
    ({ loss }) => mean(loss.slice(-Math.ceil(loss.length / 3))) > mean(loss.slice(0, Math.ceil(loss.length / 3))),
  );
  if (long.length === 0 || up.length * 2 <= long.length) return [];
  const largest = Math.max(...up.map(({ loss }) => loss.reduce((most, value) => Math.max(most, value), 0)));
  const accuracy = wordsOf(y).some((word) => /^(acc|accuracy|score|f1|auc|em|bleu|map|precision|recall)$/.test(word));
  const whole = largest <= 1 ? 1 : 100;
  const name = /^[A-Za-z_]\w*$/.test(y) ? y : `\`${y}\``;
  const remedy =
    accuracy && largest <= 100
      ? `give --derive "err=${whole}-${name}" --y err`
      : "give the column of a loss, which falls, with --y";
  return [{ code: "rising-loss", message: `column ${y} rises with the budget, where a loss falls: ${remedy}` }];
}

/** Mid-run points of one schedule are no runs of their length: nothing in them says what a cooled-down run would reach. */
function oneRun(groups: readonly Observations[]): readonly Warning[] {
  const single = groups.filter(isOneRun);
  if (single.length === 0) return [];
  const names = single.map(({ group }) => Object.values(group).join(", ")).filter((name) => name !== "");
  const which =
    names.length === 0
      ? "all points"
      : `all points of ${names.slice(0, 5).join("; ")}${names.length > 5 ? " and others" : ""}`;
  return [
    {
      code: "one-run",
      message: `${which} are of one run, measured while its learning rate was still high: the limit is that of the schedule, not of the scheme, and no verdict on limits stands on it; train runs that end at several horizons, or cool the rate down at each and say so in a column decayed`,
    },
  ];
}
