// The first line of a run file: what was trained, said so that the file alone is enough to train it again.
import { readFileSync } from "node:fs";
import { RUN_FILE_VERSION, type RunHeader } from "../curve/run-file.js";
import { printSignature } from "../scheme/signature.js";
import { runCost } from "../scheme/task-cost.js";
import type { RunConfiguration } from "./configuration.js";

/** `device` is the adapter of a GPU with its driver, null where the backend has no choice of devices. */
export function headerOf(run: RunConfiguration, id: string, device: string | null): RunHeader {
  const { scheme } = run;
  const cost = runCost(run);
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  return {
    kind: "header",
    version: RUN_FILE_VERSION,
    id,
    scheme: {
      name: scheme.name,
      label: scheme.label,
      signature: printSignature(scheme),
      skipProbability: scheme.rounds.kind === "stochastic" ? scheme.rounds.skipProbability : null,
      adapters: scheme.adapters,
    },
    configuration: { ...run },
    parameters: { total: cost.parameters, byGroup: { ...cost.parametersByGroup } },
    flopsPerToken: cost.flopsPerToken,
    costFactor: cost.costFactor,
    corpus: { hash: run.corpus.hash, tokenizerHash: run.corpus.tokenizerHash, name: run.corpus.name },
    seed: run.seed,
    provenance: { rinsight: manifest.version, backend: run.backend, ...(device === null ? {} : { device }) },
  };
}
