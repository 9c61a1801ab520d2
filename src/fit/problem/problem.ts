// A law, the points of one group or of several, and the options as one minimisation over the free parameters: fixed ones
// put in, tied and shared ones merged, losses scaled to order one (so that 1e−300 squares to something), weights folded in.
import { at, type Law } from "../../law/law.js";
import type { LossShape } from "./loss.js";

/** One group: its points, and which free parameters its law hangs on. */
export interface Block {
  readonly name: string;
  /** Its points are from … to − 1 of the problem's. */
  readonly from: number;
  readonly to: number;
  /** Free parameters that set its law: those that no other group has first. */
  readonly columns: readonly number[];
  readonly own: number;
  /** The law's parameters: template + Σ factor·free[columns[column]]. */
  readonly links: readonly Link[];
  /** The law's parameters with the fixed ones in place, 0 elsewhere. */
  readonly template: Float64Array;
}

export interface Link {
  readonly parameter: number;
  readonly column: number;
  /** 1, or the group's covariate for the slope of a parameter that is a function of it. */
  readonly factor: number;
}

export interface ProblemData {
  readonly law: Law;
  readonly points: number;
  readonly blocks: readonly Block[];
  /** Name of each free parameter; tied ones under the first name. */
  readonly names: readonly string[];
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly linear: readonly boolean[];
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
}

export interface Problem extends ProblemData {
  /** Writes the residuals for free parameters `free`; false where the law has no finite (in log space: positive) value. */
  residuals(free: Float64Array, out: Float64Array): boolean;
  /** The same, with −∂residual/∂free into `jacobian`: block after block, column-major points × columns of the block. */
  jacobian(free: Float64Array, out: Float64Array, jacobian: Float64Array): boolean;
  /** The part of one block, at its place in the same arrays. */
  blockJacobian(index: number, free: Float64Array, out: Float64Array, jacobian: Float64Array): boolean;
}

/** Arrays that descents write to, shared by all problems made from one: a profile would allocate them at each point. */
export interface Workspace {
  readonly residuals: Float64Array;
  readonly trialResiduals: Float64Array;
  readonly jacobian: Float64Array;
  readonly trialJacobian: Float64Array;
}

export function workspace(points: number, blocks: readonly Block[]): Workspace {
  const cells = jacobianCells(blocks);
  return {
    residuals: new Float64Array(points),
    trialResiduals: new Float64Array(points),
    jacobian: new Float64Array(cells),
    trialJacobian: new Float64Array(cells),
  };
}

/** Length of a Jacobian of these blocks. */
export function jacobianCells(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { from, to, columns }) => sum + (to - from) * columns.length, 0);
}

/** The law's full parameter vector in one group. */
export function fullTheta(problem: Problem, free: Float64Array, block = 0): Float64Array {
  const { template, links, columns } = problem.blocks[block] ?? { template: [], links: [], columns: [] };
  const theta = Float64Array.from(template);
  for (const { parameter, column, factor } of links) {
    theta[parameter] = (theta[parameter] ?? Number.NaN) + factor * (free[columns[column] ?? -1] ?? Number.NaN);
  }
  return theta;
}

/** ∂(parameter of the law in one group)/∂free. */
export function linkGradient(problem: Problem, parameter: number, block = 0): Float64Array {
  const gradient = new Float64Array(problem.names.length);
  const { links, columns } = problem.blocks[block] ?? { links: [], columns: [] };
  for (const link of links) if (link.parameter === parameter) gradient[columns[link.column] ?? -1] = link.factor;
  return gradient;
}

/** Sum over points of the loss of the residuals; +∞ where the law has no value. */
export function cost(problem: Problem, free: Float64Array, scratch: Float64Array, shape = problem.loss): number {
  if (!problem.residuals(free, scratch)) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < problem.points; i++) sum += shape.rho(scratch[i] ?? Number.NaN);
  return sum;
}

/**
 * The same problem with one more parameter held: what a profile walks along. The function sets its value, in one problem
 * for all values.
 */
export function withHeld(problem: Problem, index: number): (value: number) => Problem {
  const keep = <T>(list: ArrayLike<T>) => Array.from(list).filter((_, k) => k !== index);
  const blocks = problem.blocks.map((block): Block => {
    const place = block.columns.indexOf(index);
    const columns = block.columns.filter((k) => k !== index).map((k) => (k > index ? k - 1 : k));
    if (place < 0) return { ...block, columns };
    const links = block.links.flatMap((link) =>
      link.column === place ? [] : [{ ...link, column: link.column > place ? link.column - 1 : link.column }],
    );
    const own = place < block.own ? block.own - 1 : block.own;
    return { ...block, columns, own, links, template: Float64Array.from(block.template) };
  });
  const held = assemble({
    ...problem,
    blocks,
    names: keep(problem.names),
    linear: keep(problem.linear),
    lower: Float64Array.from(keep(problem.lower)),
    upper: Float64Array.from(keep(problem.upper)),
  });
  return (value) => {
    problem.blocks.forEach(({ columns, links, template }, g) => {
      const target = blocks[g]?.template;
      if (target === undefined || !columns.includes(index)) return;
      target.set(template);
      for (const { parameter, column, factor } of links) {
        if (columns[column] === index) target[parameter] = (target[parameter] ?? Number.NaN) + factor * value;
      }
    });
    return held;
  };
}

/** The same problem with other losses and weights at the same x: what a bootstrap replicate is. */
export function withData(problem: Problem, observed: Float64Array, weights: Float64Array): Problem {
  return assemble({ ...problem, observed, target: targets(observed, problem.space, problem.unit), weights });
}

/** The same problem on those of its points that were drawn at all. */
export function onDrawn(problem: Problem, count: Float64Array): Problem {
  // Loops, for this is done for every replicate.
  const positions: number[] = [];
  const blocks = problem.blocks.map((block) => {
    const from = positions.length;
    for (let i = block.from; i < block.to; i++) if (at(count, i) > 0) positions.push(i);
    return { ...block, from, to: positions.length };
  });
  const points = positions.length;
  const taken = (values: Float64Array) => {
    const some = new Float64Array(points);
    for (let d = 0; d < points; d++) some[d] = values[positions[d] ?? -1] ?? Number.NaN;
    return some;
  };
  return assemble({
    ...problem,
    points,
    blocks,
    x: problem.x.map(taken),
    observed: taken(problem.observed),
    target: taken(problem.target),
    weights: taken(problem.weights),
    workspace: workspace(points, blocks),
  });
}

export function targets(loss: Float64Array, space: "log" | "linear", unit: number): Float64Array {
  return space === "log" ? loss.map(Math.log) : loss.map((y) => y / unit);
}

/** The functions that go with the data. */
export function assemble(parts: ProblemData): Problem {
  const { law, unit, x, target, weights } = parts;
  const log = parts.space === "log";
  const point = new Float64Array(x.length);
  const gradient = new Float64Array(law.parameters.length);
  const theta = new Float64Array(law.parameters.length);
  let offset = 0;
  const prepared = parts.blocks.map((block) => {
    const { from, to, columns, links } = block;
    const own = {
      ...block,
      offset,
      // The links, for loops over points.
      parameter: Int32Array.from(links, (link) => link.parameter),
      free: Int32Array.from(links, ({ column }) => columns[column] ?? -1),
      cell: Int32Array.from(links, ({ column }) => column * (to - from)),
      factor: Float64Array.from(links, (link) => link.factor),
    };
    offset += (to - from) * columns.length;
    return own;
  });
  type Prepared = (typeof prepared)[number];
  const spread = ({ template, parameter, free: from, factor }: Prepared, free: Float64Array) => {
    theta.set(template);
    for (let l = 0; l < parameter.length; l++) {
      const k = parameter[l] ?? -1;
      theta[k] = (theta[k] ?? Number.NaN) + (factor[l] ?? Number.NaN) * (free[from[l] ?? -1] ?? Number.NaN);
    }
  };
  const [first] = x;
  const load = (i: number) => {
    // Most laws have one variable; a loop takes a tenth of the time of the whole.
    if (first !== undefined && x.length === 1) point[0] = first[i] ?? Number.NaN;
    else for (let v = 0; v < x.length; v++) point[v] = x[v]?.[i] ?? Number.NaN;
  };
  const residual = (i: number, predicted: number): number =>
    ((target[i] ?? Number.NaN) - (log ? Math.log(predicted) : predicted / unit)) * (weights[i] ?? Number.NaN);
  const blockResiduals = (block: Prepared, free: Float64Array, out: Float64Array): boolean => {
    spread(block, free);
    for (let i = block.from; i < block.to; i++) {
      load(i);
      const r = residual(i, law.value(theta, point));
      if (!Number.isFinite(r)) return false;
      out[i] = r;
    }
    return true;
  };
  const blockJacobian = (block: Prepared, free: Float64Array, out: Float64Array, jacobian: Float64Array): boolean => {
    spread(block, free);
    const { from, to, offset, columns, parameter, cell, factor } = block;
    jacobian.fill(0, offset, offset + (to - from) * columns.length);
    // Stays 0 while every residual and slope is finite.
    let probe = 0;
    for (let i = from; i < to; i++) {
      load(i);
      const predicted = law.gradient(theta, point, gradient);
      const r = residual(i, predicted);
      probe += r * 0;
      out[i] = r;
      const scale = (weights[i] ?? Number.NaN) / (log ? predicted : unit);
      const row = offset + i - from;
      for (let l = 0; l < parameter.length; l++) {
        const slope = (gradient[parameter[l] ?? -1] ?? Number.NaN) * scale * (factor[l] ?? Number.NaN);
        probe += slope * 0;
        const to = row + (cell[l] ?? -1);
        jacobian[to] = (jacobian[to] ?? Number.NaN) + slope;
      }
    }
    return probe === 0;
  };
  return {
    ...parts,
    residuals: (free, out) => prepared.every((block) => blockResiduals(block, free, out)),
    jacobian: (free, out, jacobian) => prepared.every((block) => blockJacobian(block, free, out, jacobian)),
    blockJacobian: (index, free, out, jacobian) => {
      const block = prepared[index];
      return block !== undefined && blockJacobian(block, free, out, jacobian);
    },
  };
}
