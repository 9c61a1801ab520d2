// What a scheme costs at a shape: parameters by group, FLOPs per token, cache bytes, tokens for a budget.
//
// Convention, shown beside the numbers as FLOP_CONVENTION: a linear map of n weights costs 2n a token; causal
// attention is counted as executed, over the causal half with the diagonal, (T + 1)/2 keys on average, 2·E for the
// scores and 2·E for the weighted sum per key; the head is in, the embedding look-up is 0; norms, softmax, ReLU² and
// the optimizer are left out; the backward pass costs twice the forward pass.
import { InputError, shown } from "../base/errors.js";
import { applications, expectedRounds, fullRounds, layersOfBlocks } from "./applications.js";
import type { Application, Scheme } from "./scheme.js";

export const FLOP_CONVENTION =
  "2 FLOPs per weight and token; causal attention over (T+1)/2 keys on average; head included, embedding look-up 0; backward = 2 × forward";

/** The sizes of a model. E width, L layers, H heads, T context, V vocabulary; width / heads must be even (rotary). */
export interface ModelShape {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly context: number;
  readonly vocabulary: number;
}

/** Trained numbers by group; the final norm's gain counts with the head. */
export interface ParameterGroups {
  readonly embedding: number;
  readonly blocks: number;
  readonly adapters: number;
  readonly head: number;
}

export interface SchemeCost {
  readonly parameters: number;
  readonly parametersByGroup: ParameterGroups;
  /** Part of the block parameters that is RMSNorm gains. */
  readonly normParameters: number;
  /** Share of the adapters in all parameters; the paper keeps it under 1%. */
  readonly adapterShare: number;
  /** Each block counted as often as it is applied at full rounds. */
  readonly unrolledParameters: number;
  readonly expectedRounds: number;
  /** Training FLOPs per token, forward and backward, expected over the drawn rounds. */
  readonly flopsPerToken: number;
  /** flopsPerToken over that of the same stack without recursion and adapters. */
  readonly costFactor: number;
  /** Forward FLOPs per token at full rounds. */
  readonly inferenceFlopsPerToken: number;
  /** Keys and values kept per token at full rounds, 4 bytes a number: every application of a layer has its own. */
  readonly cacheBytesPerToken: number;
  readonly convention: string;
}

/**
 * The accounting of a scheme at a shape. Throws InputError for impossible sizes, or blocks that do not divide the layers.
 *
 * @example
 * import { schemeByName, schemeCost } from "rinsight";
 *
 * const shape = { width: 64, layers: 4, heads: 2, context: 128, vocabulary: 1024 };
 * const { parameters, costFactor } = schemeCost(schemeByName("rins-3"), shape);
 * console.log(parameters, schemeCost(schemeByName("baseline"), shape).parameters, costFactor.toFixed(3)); // 328256 328256 1.778
 */
export function schemeCost(scheme: Scheme, shape: ModelShape): SchemeCost {
  checkShape(shape);
  const { width: E, layers: L, vocabulary: V } = shape;
  const layerWeights = 12 * E * E; // qkv 3E², attention output E², MLP 4E² + 4E²
  const layerNorms = 2 * E;
  const parametersByGroup: ParameterGroups = {
    embedding: V * E,
    blocks: L * (layerWeights + layerNorms),
    adapters: (scheme.adapters ? fullRounds(scheme) * E * E : 0) + (scheme.reinjection ? E : 0),
    head: E * V + E,
  };
  const parameters = Object.values(parametersByGroup).reduce((sum, group) => sum + group, 0);
  const layerUses = countLayerUses(applications(scheme), scheme, shape);
  const training = 3 * forwardFlopsPerToken(scheme, shape, expectedRounds(scheme));
  return {
    parameters,
    parametersByGroup,
    normParameters: L * layerNorms,
    adapterShare: parametersByGroup.adapters / parameters,
    unrolledParameters: parameters + (layerUses - L) * (layerWeights + layerNorms),
    expectedRounds: expectedRounds(scheme),
    flopsPerToken: training,
    costFactor: training / (3 * baselineForward(shape)),
    inferenceFlopsPerToken: forwardFlopsPerToken(scheme, shape),
    cacheBytesPerToken: layerUses * 2 * E * 4,
    convention: FLOP_CONVENTION,
  };
}

/**
 * FLOPs of the forward pass per token at `rounds`, which may be a mean: the cost is linear in the rounds.
 * Σ layer uses · (24E² + 2E(T + 1)) + adapter 2E² + head 2EV.
 */
export function forwardFlopsPerToken(scheme: Scheme, shape: ModelShape, rounds: number = fullRounds(scheme)): number {
  const at = (whole: number) => forwardOf(applications(scheme, whole), scheme, shape);
  const below = Math.max(1, Math.floor(rounds));
  return rounds === below ? at(below) : at(below) + (rounds - below) * (at(below + 1) - at(below));
}

/**
 * Whole tokens that a budget of training FLOPs pays for.
 *
 * @example
 * import { schemeByName, tokensForFlops } from "rinsight";
 *
 * const shape = { width: 64, layers: 4, heads: 2, context: 128, vocabulary: 1024 };
 * const [baseline, rins] = ["baseline", "rins-3"].map((name) => tokensForFlops(schemeByName(name), shape, 1e12));
 * console.log(baseline, rins); // 564650 317581
 */
export function tokensForFlops(scheme: Scheme, shape: ModelShape, flops: number): number {
  return Math.floor(flops / schemeCost(scheme, shape).flopsPerToken);
}

function forwardOf(list: readonly Application[], scheme: Scheme, shape: ModelShape): number {
  const adapters = list.filter((application) => application.kind === "adapter").length;
  return (
    countLayerUses(list, scheme, shape) * layerForward(shape) + adapters * 2 * shape.width ** 2 + headForward(shape)
  );
}

/** How often a layer computes in these applications, all layers together. */
export function countLayerUses(list: readonly Application[], scheme: Scheme, shape: ModelShape): number {
  const blocks = layersOfBlocks(scheme, shape.layers);
  return list.reduce((sum, use) => sum + (use.kind === "block" ? (blocks[use.block]?.length ?? 0) : 0), 0);
}

function layerForward({ width, context }: ModelShape): number {
  return 24 * width * width + 2 * width * (context + 1);
}

function headForward({ width, vocabulary }: ModelShape): number {
  return 2 * width * vocabulary;
}

function baselineForward(shape: ModelShape): number {
  return shape.layers * layerForward(shape) + headForward(shape);
}

/** Throws InputError unless all sizes are positive integers, heads divide the width and a head's width is even. */
export function checkShape(shape: ModelShape): void {
  for (const [name, value] of Object.entries(shape)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new InputError(
        `shape: ${name} must be a positive integer, got ${shown(value)}; give another --${name === "vocabulary" ? "vocab" : name}`,
      );
    }
  }
  if (shape.width % (2 * shape.heads) !== 0) {
    throw new InputError(
      `shape: width must be a multiple of twice the heads (rotary turns pairs), got width ${shape.width} and ${shape.heads} heads; try width ${2 * shape.heads * Math.max(1, Math.round(shape.width / (2 * shape.heads)))}`,
    );
  }
}
