// A law, its points and the options as one minimisation over the free parameters: fixed ones put in, tied ones merged,
// losses scaled to order one (so that 1e−300 squares to something) and weights folded into the residuals.
import { FitError, InputError, nearestName, shown } from "../../base/errors.js";
import type { Observations } from "../../curve/observations.js";
import type { Law } from "../../law/law.js";
import type { FitOptions } from "../record.js";
import { type LossShape, lossShape } from "./loss.js";

export interface Problem {
  readonly law: Law;
  readonly points: number;
  /** Name of each free parameter; tied ones under the first name. */
  readonly names: readonly string[];
  /** Indices in law.parameters that each free parameter sets. */
  readonly members: readonly (readonly number[])[];
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly linear: readonly boolean[];
  /** Full parameter vector with the fixed values in place. */
  readonly template: Float64Array;
  readonly loss: LossShape;
  readonly space: "log" | "linear";
  /** Losses are divided by this inside: 1 in log space, the largest |loss| in linear space. */
  readonly unit: number;
  /** Residuals here times this are residuals as reported; 1 where weights make them free of units. */
  readonly residualUnit: number;
  readonly x: readonly Float64Array[];
  readonly observed: Float64Array;
  /** What residuals are taken from: log losses, or losses over `unit`. */
  readonly target: Float64Array;
  /** Factor of each residual: 1/standard error (of the log loss, or of the loss over `unit`) where weighted, else 1. */
  readonly weights: Float64Array;
  readonly workspace: Workspace;
  /** Writes the residuals for free parameters `free`; false where the law has no finite (in log space: positive) value. */
  residuals(free: Float64Array, out: Float64Array): boolean;
  /** The same, with −∂residual/∂free into `jacobian`, column-major points × free. */
  jacobian(free: Float64Array, out: Float64Array, jacobian: Float64Array): boolean;
}

/** The full parameter vector of the law for a free vector. */
export function fullTheta(problem: Problem, free: Float64Array): Float64Array {
  const theta = Float64Array.from(problem.template);
  problem.members.forEach((indices, k) => {
    for (const i of indices) theta[i] = free[k] ?? 0;
  });
  return theta;
}

/** Sum over points of the loss of the residuals; +∞ where the law has no value. */
export function cost(problem: Problem, free: Float64Array, scratch: Float64Array, shape = problem.loss): number {
  if (!problem.residuals(free, scratch)) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < problem.points; i++) sum += shape.rho(scratch[i] ?? 0);
  return sum;
}

/** The same problem with one more parameter held at a value: what a profile walks along. */
export function withFixed(problem: Problem, name: string, value: number): Problem {
  const index = problem.names.indexOf(name);
  const template = Float64Array.from(problem.template);
  for (const i of problem.members[index] ?? []) template[i] = value;
  const keep = <T>(list: ArrayLike<T>) => Array.from(list).filter((_, k) => k !== index);
  return assemble({
    ...problem,
    template,
    names: keep(problem.names),
    members: keep(problem.members),
    linear: keep(problem.linear),
    lower: Float64Array.from(keep(problem.lower)),
    upper: Float64Array.from(keep(problem.upper)),
  });
}

/** The same problem with other losses and weights at the same x: what a bootstrap replicate is. */
export function withData(problem: Problem, observed: Float64Array, weights: Float64Array): Problem {
  return assemble({ ...problem, observed, target: targets(observed, problem.space, problem.unit), weights });
}

/** Throws InputError for options that name no parameter or make no sense, FitError for points no law can be fitted to. */
export function makeProblem(law: Law, observations: Observations, options: FitOptions): Problem {
  const names = law.parameters.map((parameter) => parameter.name);
  const known = (name: string, option: string): number => {
    const index = names.indexOf(name);
    if (index >= 0) return index;
    const nearest = nearestName(name, names);
    throw new InputError(
      `fit: ${option} must name a parameter of ${law.name} (${names.join(", ")}), got ${shown(name)}${nearest === null ? "; choose one of these" : `; did you mean ${nearest}?`}`,
    );
  };
  const template = new Float64Array(names.length);
  const isFixed = names.map(() => false);
  for (const [name, value] of Object.entries(options.fixed)) {
    const index = known(name, "a fixed value");
    if (!Number.isFinite(value)) {
      throw new InputError(`fit: fixed ${name} must be a finite number, got ${value}; give one or leave it free`);
    }
    template[index] = value;
    isFixed[index] = true;
  }
  const leader = names.map((_, i) => i);
  for (const [a, b] of options.tied) {
    const [from, to] = [leader[known(b, "a tie")] ?? 0, leader[known(a, "a tie")] ?? 0];
    leader.forEach((value, i) => {
      if (value === from) leader[i] = to;
    });
  }
  const lower: number[] = [];
  const upper: number[] = [];
  const members: number[][] = [];
  for (const [i, parameter] of law.parameters.entries()) {
    if (leader[i] !== i) continue;
    const group = names.map((_, j) => j).filter((j) => leader[j] === i);
    const held = group.find((j) => isFixed[j]);
    if (held !== undefined) {
      for (const j of group) template[j] = template[held] ?? 0;
      continue;
    }
    members.push(group);
    const bounds = group.map((j) => options.bounds[names[j] ?? ""] ?? law.parameters[j] ?? parameter);
    const pair = bounds.map((b) => ("lower" in b ? ([b.lower, b.upper] as const) : b));
    lower.push(Math.max(...pair.map((b) => b[0])));
    upper.push(Math.min(...pair.map((b) => b[1])));
  }
  for (const [name, [low, high]] of Object.entries(options.bounds)) {
    known(name, "a bound");
    if (!(low < high))
      throw new InputError(`fit: bounds of ${name} must be lower < upper, got ${low} and ${high}; swap`);
  }
  const points = checkPoints(law, observations, options, members.length);
  const unit = options.space === "log" ? 1 : observations.loss.reduce((m, y) => Math.max(m, Math.abs(y)), 0) || 1;
  const residualUnit = options.weighted ? 1 : unit;
  return assemble({
    law,
    points,
    names: members.map((group) => names[group[0] ?? 0] ?? ""),
    members,
    lower: Float64Array.from(lower),
    upper: Float64Array.from(upper),
    linear: members.map((group) => group.every((i) => law.parameters[i]?.linear === true)),
    template,
    loss: lossShape(
      options.loss.kind === "huber" ? { kind: "huber", delta: options.loss.delta / residualUnit } : options.loss,
    ),
    space: options.space,
    unit,
    residualUnit,
    x: observations.x,
    observed: observations.loss,
    target: targets(observations.loss, options.space, unit),
    weights: pointWeights(observations, options, unit),
    workspace: workspace(points, members.length),
  });
}

/** How many different points there are in the space of the variables. */
export function distinctPoints(x: readonly Float64Array[]): number {
  const [first, ...others] = x;
  if (first === undefined) return 0;
  if (others.length === 0) return new Set(first).size;
  return new Set(Array.from(first, (value, i) => [value, ...others.map((column) => column[i])].join(" "))).size;
}

function checkPoints(law: Law, observations: Observations, options: FitOptions, free: number): number {
  const { x, loss } = observations;
  if (x.length !== law.variables.length || x.some((column) => column.length !== loss.length)) {
    throw new InputError(
      `fit: ${law.name} takes ${law.variables.length} variables (${law.variables.join(", ")}) of the losses' length, got ${x.length} arrays; map a column to each`,
    );
  }
  loss.forEach((y, i) => {
    if (!Number.isFinite(y) || x.some((column) => !Number.isFinite(column[i]))) {
      throw new FitError(`fit: points must be finite, got loss ${y} at point ${i}; exclude it`);
    }
    if (options.space === "log" && !(y > 0)) {
      throw new FitError(`fit: log residuals need losses above 0, got ${y} at point ${i}; use --space linear`);
    }
  });
  const distinct = distinctPoints(x);
  if (distinct < free) {
    throw new FitError(
      `fit: ${law.name} has ${free} free parameters and needs as many distinct ${law.variables.join(", ")}, got ${distinct}; add points, fix a parameter or take a simpler law`,
    );
  }
  const largest = loss.reduce((m, y) => Math.max(m, Math.abs(y)), 0);
  const spread = loss.reduce((m, y) => Math.max(m, y), -Infinity) - loss.reduce((m, y) => Math.min(m, y), Infinity);
  if (free > 1 && !(spread > largest * 1e-11)) {
    throw new FitError(
      `fit: losses must differ by more than rounding, got a spread of ${spread} around ${largest}; nothing can be fitted to a constant`,
    );
  }
  return loss.length;
}

function targets(loss: Float64Array, space: "log" | "linear", unit: number): Float64Array {
  return space === "log" ? loss.map(Math.log) : loss.map((y) => y / unit);
}

function pointWeights(observations: Observations, options: FitOptions, unit: number): Float64Array {
  const { standardError, loss } = observations;
  if (!options.weighted) return new Float64Array(loss.length).fill(1);
  if (standardError === null) {
    throw new InputError("fit: a weighted fit needs a standard error for each point, got none; name its column");
  }
  return standardError.map((error, i) => {
    if (!(error > 0)) {
      throw new InputError(
        `fit: standard errors must be above 0, got ${error} at point ${i}; exclude it or do not weight`,
      );
    }
    return (options.space === "log" ? (loss[i] ?? 0) : unit) / error;
  });
}

/** Arrays that descents write to, shared by all problems made from one: a profile would allocate them at each point. */
interface Workspace {
  readonly residuals: Float64Array;
  readonly trialResiduals: Float64Array;
  readonly right: Float64Array;
  readonly roots: Float64Array;
  readonly jacobian: Float64Array;
  readonly trialJacobian: Float64Array;
  readonly matrix: Float64Array;
}

function workspace(points: number, free: number): Workspace {
  const column = () => new Float64Array(points);
  const matrix = () => new Float64Array(points * free);
  return {
    residuals: column(),
    trialResiduals: column(),
    right: column(),
    roots: column(),
    jacobian: matrix(),
    trialJacobian: matrix(),
    matrix: matrix(),
  };
}

function assemble(parts: Omit<Problem, "residuals" | "jacobian">): Problem {
  const { law, points, members, template, unit, x, target, weights } = parts;
  const log = parts.space === "log";
  const theta = Float64Array.from(template);
  const point = new Float64Array(x.length);
  const gradient = new Float64Array(law.parameters.length);
  /** Free parameter that sets each parameter of the law, −1 for the fixed ones. */
  const owner = new Int32Array(law.parameters.length).fill(-1);
  members.forEach((indices, k) => {
    for (const i of indices) owner[i] = k;
  });
  const spread = (free: Float64Array) => {
    for (let m = 0; m < owner.length; m++) {
      const k = owner[m] ?? -1;
      if (k >= 0) theta[m] = free[k] ?? 0;
    }
  };
  const load = (i: number) => {
    for (let v = 0; v < x.length; v++) point[v] = x[v]?.[i] ?? Number.NaN;
  };
  return {
    ...parts,
    residuals(free, out) {
      spread(free);
      for (let i = 0; i < points; i++) {
        load(i);
        const predicted = law.value(theta, point);
        const r = ((target[i] ?? 0) - (log ? Math.log(predicted) : predicted / unit)) * (weights[i] ?? 0);
        if (!Number.isFinite(r)) return false;
        out[i] = r;
      }
      return true;
    },
    jacobian(free, out, jacobian) {
      spread(free);
      jacobian.fill(0, 0, points * members.length);
      // Stays 0 while every slope is finite.
      let probe = 0;
      for (let i = 0; i < points; i++) {
        load(i);
        const predicted = law.gradient(theta, point, gradient);
        const weight = weights[i] ?? 0;
        const r = ((target[i] ?? 0) - (log ? Math.log(predicted) : predicted / unit)) * weight;
        if (!Number.isFinite(r)) return false;
        out[i] = r;
        const scale = weight / (log ? predicted : unit);
        for (let m = 0; m < owner.length; m++) {
          const k = owner[m] ?? -1;
          if (k < 0) continue;
          const slope = (gradient[m] ?? 0) * scale;
          probe += slope * 0;
          const cell = k * points + i;
          jacobian[cell] = (jacobian[cell] ?? 0) + slope;
        }
      }
      return probe === 0;
    },
  };
}
