// Group × parameter → column: which parameters of which groups are one unknown. Each is a group's own, shared by all,
// tied to another of its group, fixed, or a function of the group's covariate; fitting one group is the case of one.
import { InputError, nearestName, shown } from "../../base/errors.js";
import { compileExpression } from "../../base/expression/compile.js";
import { parseExpression } from "../../base/expression/parse.js";
import type { Observations } from "../../curve/observations.js";
import type { Law } from "../../law/law.js";
import type { FitOptions, Sharing } from "../record.js";
import { lossShape } from "./loss.js";
import { checkPoints, pointWeights } from "./points.js";
import { assemble, type Block, type Link, type Problem, targets, workspace } from "./problem.js";

/** Every parameter a group's own. */
export const NOTHING_SHARED: Sharing = { share: [], by: {} };

/** The group's values joined by ", "; "all" for data without groups. */
export function groupName(observations: Observations): string {
  return Object.values(observations.group).join(", ") || "all";
}

interface Column {
  readonly name: string;
  readonly lower: number;
  readonly upper: number;
  readonly linear: boolean;
}

/**
 * The problem of fitting a law to groups of points at once.
 * Throws InputError for options that name no parameter or make no sense, FitError for points no law can be fitted to.
 */
export function makeProblem(
  law: Law,
  groups: readonly Observations[],
  options: FitOptions,
  sharing: Sharing = NOTHING_SHARED,
): Problem {
  const leader = leaders(law, options);
  const fixed = fixedValues(law, options, leader);
  const plan = planOf(law, options, sharing, leader, fixed);
  const shared = plan.filter(({ place }) => place !== "own");
  const own = plan.filter(({ place }) => place === "own");
  const alone = groups.length === 1;
  const columns: Column[] = [];
  const add = (column: Column): number => columns.push(column) - 1;
  const owned = groups.map((group) =>
    own.map((entry) => add({ ...entry, name: alone ? entry.name : `${entry.name} of ${groupName(group)}` })),
  );
  const common = shared.map((entry) => {
    if (typeof entry.place === "string") return [add(entry)];
    if (new Set(groups.map(entry.place.value)).size < 2) {
      throw new InputError(
        `fit: ${entry.name} by ${entry.place.by} needs groups that differ in it, got one value; leave it out or add groups`,
      );
    }
    // Where the covariate is 0 means nothing by itself, so the law's bounds do not hold there.
    const unbounded = { ...entry, lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };
    return [add(unbounded), add({ ...unbounded, name: `${entry.name}:${entry.place.by}` })];
  });
  let points = 0;
  const blocks = groups.map((group, g): Block => {
    const links: Link[] = [];
    const own_ = owned[g] ?? [];
    const used = [...own_, ...common.flat()];
    const link = (members: readonly number[], column: number, factor: number) => {
      for (const parameter of members) links.push({ parameter, column: used.indexOf(column), factor });
    };
    own.forEach(({ members }, e) => {
      link(members, own_[e] ?? -1, 1);
    });
    shared.forEach(({ members, place }, e) => {
      const [first = -1, second = -1] = common[e] ?? [];
      link(members, first, 1);
      if (typeof place === "object") link(members, second, place.value(group));
    });
    const from = points;
    points += group.loss.length;
    return {
      name: groupName(group),
      from,
      to: points,
      columns: used,
      own: alone ? used.length : own_.length,
      links,
      template: Float64Array.from(fixed, (value) => value ?? 0),
    };
  });
  for (const group of groups) checkPoints(law, group, options.space, alone ? columns.length : own.length);
  const largest = groups.reduce((most, { loss }) => loss.reduce((m, y) => Math.max(m, Math.abs(y)), most), 0);
  const unit = options.space === "log" ? 1 : largest || 1;
  const residualUnit = options.weighted ? 1 : unit;
  const joined = (of: (group: Observations) => Float64Array): Float64Array => {
    const [first, ...others] = groups.map(of);
    if (others.length === 0) return first ?? new Float64Array(0);
    return Float64Array.from([first ?? [], ...others].flatMap((column) => [...column]));
  };
  const observed = joined((group) => group.loss);
  return assemble({
    law,
    points,
    blocks,
    names: columns.map(({ name }) => name),
    lower: Float64Array.from(columns, ({ lower }) => lower),
    upper: Float64Array.from(columns, ({ upper }) => upper),
    linear: columns.map(({ linear }) => linear),
    loss: lossShape(
      options.loss.kind === "huber" ? { kind: "huber", delta: options.loss.delta / residualUnit } : options.loss,
    ),
    space: options.space,
    unit,
    residualUnit,
    x: law.variables.map((_, v) => joined((group) => group.x[v] ?? new Float64Array(0))),
    observed,
    target: targets(observed, options.space, unit),
    weights: joined((group) => pointWeights(group, options, unit)),
    workspace: workspace(points, blocks),
  });
}

/** A free parameter of the law, with those tied to it. */
interface Entry extends Column {
  readonly members: readonly number[];
  readonly place: "own" | "shared" | { readonly by: string; readonly value: (group: Observations) => number };
}

function planOf(
  law: Law,
  options: FitOptions,
  sharing: Sharing,
  leader: readonly number[],
  fixed: readonly (number | null)[],
): readonly Entry[] {
  const names = law.parameters.map((parameter) => parameter.name);
  const known = (name: string, option: string): number => {
    const index = names.indexOf(name);
    if (index >= 0) return index;
    const nearest = nearestName(name, names);
    throw new InputError(
      `fit: ${option} must name a parameter of ${law.name} (${names.join(", ")}), got ${shown(name)}${nearest === null ? "; choose one of these" : `; did you mean ${nearest}?`}`,
    );
  };
  for (const [name, value] of Object.entries(options.fixed)) {
    known(name, "a fixed value");
    if (!Number.isFinite(value)) {
      throw new InputError(`fit: fixed ${name} must be a finite number, got ${value}; give one or leave it free`);
    }
  }
  for (const [name, [low, high]] of Object.entries(options.bounds)) {
    known(name, "a bound");
    if (!(low < high))
      throw new InputError(`fit: bounds of ${name} must be lower < upper, got ${low} and ${high}; swap`);
  }
  for (const [a, b] of options.tied) for (const name of [b, a]) known(name, "a tie");
  const share = new Set(sharing.share.map((name) => known(name, "a shared one")));
  const by = new Map(Object.entries(sharing.by).map(([name, text]) => [known(name, "a covariate"), text]));
  for (const i of share) {
    if (by.has(i)) {
      throw new InputError(`fit: ${names[i]} must be shared or a function of a covariate, got both; leave one out`);
    }
  }
  const given = new Map(Object.entries(options.bounds));
  return law.parameters.flatMap((parameter, i): Entry[] => {
    const members = names.map((_, j) => j).filter((j) => leader[j] === i);
    if (leader[i] !== i || members.some((j) => fixed[j] !== null)) return [];
    const bounds = members.map((j) => {
      const { lower, upper } = law.parameters[j] ?? parameter;
      return given.get(names[j] ?? "") ?? ([lower, upper] as const);
    });
    const text = members.map((j) => by.get(j)).find((formula) => formula !== undefined);
    return [
      {
        name: parameter.name,
        lower: Math.max(...bounds.map(([low]) => low)),
        upper: Math.min(...bounds.map(([, high]) => high)),
        linear: members.every((j) => law.parameters[j]?.linear === true),
        members,
        place:
          text !== undefined
            ? { by: text, value: covariate(text) }
            : members.some((j) => share.has(j))
              ? "shared"
              : "own",
      },
    ];
  });
}

/** For each parameter of the law the first of those it is tied to. */
function leaders(law: Law, options: FitOptions): readonly number[] {
  const names = law.parameters.map((parameter) => parameter.name);
  const leader = names.map((_, i) => i);
  for (const [a, b] of options.tied) {
    const [from, to] = [leader[names.indexOf(b)], leader[names.indexOf(a)] ?? Number.NaN];
    leader.forEach((value, i) => {
      if (value === from) leader[i] = to;
    });
  }
  return leader;
}

/** The value that each parameter, or one that it is tied to, was fixed at; null where it is free. */
function fixedValues(law: Law, { fixed }: FitOptions, leader: readonly number[]): readonly (number | null)[] {
  const values = new Map(Object.entries(fixed));
  return law.parameters.map((_, i) => {
    const held = law.parameters.find(({ name }, j) => leader[j] === leader[i] && values.has(name));
    return held === undefined ? null : (values.get(held.name) ?? null);
  });
}

/** A formula of the group's values, such as "rounds" or "log(rounds)". */
function covariate(text: string): (group: Observations) => number {
  const expression = parseExpression(text, "fit: covariate");
  return ({ group }) => {
    const values = Object.entries(group).map(([name, value]) => [name, Number(value)] as const);
    const missing = expression.names.find(
      (name) => !values.some(([known, value]) => known === name && !Number.isNaN(value)),
    );
    if (missing !== undefined) {
      throw new InputError(
        `fit: covariate ${shown(text)} must be made of numbers that the groups have, got none for ${missing}; group by it (--by)`,
      );
    }
    const order = values.map(([name]) => name);
    const value = compileExpression(expression, order, "fit: covariate")(values.map(([, number]) => number));
    if (!Number.isFinite(value)) {
      throw new InputError(`fit: covariate ${shown(text)} must be finite, got ${value}; change the formula`);
    }
    return value;
  };
}
