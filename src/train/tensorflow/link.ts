// Brings tfjs-node-gpu to a TensorFlow library that is already on the machine: the one inside a Python installation.
// python3 -> its tensorflow folder -> links in the package's deps/ -> node-gyp builds the binding -> a product is run.
//
// The package downloads libtensorflow 2.9 (CUDA 11) at install; without that download, or with a newer GPU, this is the way.
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import path from "node:path";
import { InputError, reasonOf, shown } from "../../base/errors.js";
import { makeFolder } from "../../base/write.js";

export const TENSORFLOW_PACKAGE = "@tensorflow/tfjs-node-gpu";
/** What npm is to install. */
export const TENSORFLOW_PINNED = `${TENSORFLOW_PACKAGE}@4.22.0`;
/** Sonames inside Python's tensorflow and tensorflow-cpu, 2.9 and later, on Linux. */
const LIBRARY = "libtensorflow_cc.so.2";
const FRAMEWORK = "libtensorflow_framework.so.2";
const NAPI_VERSION = "8";
const BUILD_LIMIT_MS = 300_000;
const LOAD_LIMIT_MS = 60_000;

/** What became of loading TensorFlow: not installed, installed but it does not load, or ready with these devices. */
export type TensorflowState =
  | { readonly kind: "absent"; readonly message: string }
  | { readonly kind: "broken"; readonly folder: string; readonly message: string }
  | {
      readonly kind: "ready";
      /** Folder of the npm package. */
      readonly folder: string;
      /** The shared library in use; null where it cannot be traced. */
      readonly library: string | null;
      /** Version of TensorFlow as the library says it: "2.21.0". */
      readonly version: string;
      /** "NVIDIA H100", or the processor's name where no GPU is used. */
      readonly devices: readonly string[];
      readonly gpu: boolean;
    };

export interface PythonTensorflow {
  readonly python: string;
  /** Folder of Python's tensorflow package: holds the libraries and include/. */
  readonly folder: string;
  readonly version: string;
}

/** Folder of tfjs-node-gpu, looked for beside Rinsight and beside the working directory; null when not installed. */
export function tensorflowPackage(): string | null {
  for (const from of [import.meta.url, path.join(process.cwd(), "package.json")]) {
    try {
      return path.dirname(createRequire(from).resolve(`${TENSORFLOW_PACKAGE}/package.json`));
    } catch {
      // Not reachable from here; the next place may have it.
    }
  }
  return null;
}

/**
 * Loads TensorFlow in a process of its own, multiplies two matrices and says what was found. A broken native library
 * cannot take the caller down with it. Takes about a second. Never throws.
 */
export function describeTensorflow(folder: string | null = tensorflowPackage()): TensorflowState {
  if (folder === null) {
    return {
      kind: "absent",
      message: `not installed; npm install -D ${TENSORFLOW_PINNED}, or without its download: npm install -D --ignore-scripts ${TENSORFLOW_PINNED} && npx rinsight backend link`,
    };
  }
  const child = spawnSync(process.execPath, ["-e", TRIAL, folder], { encoding: "utf8", timeout: LOAD_LIMIT_MS });
  const answer = /^RINSIGHT (.*)$/m.exec(child.stdout ?? "")?.[1];
  if (child.status !== 0 || answer === undefined) {
    return { kind: "broken", folder, message: `${reason(child)}; run rinsight backend link` };
  }
  const found: { version: string; gpu: boolean; product: readonly number[] } = JSON.parse(answer);
  if (found.product.join() !== "19,22,43,50") {
    return { kind: "broken", folder, message: `a 2×2 product must give 19,22,43,50, got ${found.product.join()}` };
  }
  const names = [...child.stderr.matchAll(/Created device .*?name: ([^,]+),/g)].flatMap((match) => match[1] ?? []);
  const link = path.join(folder, "deps/lib/libtensorflow.so");
  return {
    kind: "ready",
    folder,
    library: existsSync(link) ? realpathSync(link) : null,
    version: found.version,
    devices: names.length > 0 ? [...new Set(names)] : [found.gpu ? "GPU" : (cpus()[0]?.model.trim() ?? "CPU")],
    gpu: found.gpu,
  };
}

/** [1 2; 3 4] · [5 6; 7 8], and what the library says of itself. The devices' names stand in the library's own log. */
const TRIAL = `
const tf = require(process.argv[1]);
const product = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2])).dataSync();
const { binding, isUsingGpuDevice } = tf.backend();
console.log("\\nRINSIGHT " + JSON.stringify({ version: binding.TF_Version, gpu: isUsingGpuDevice, product: [...product] }));
`;

/** Asks a Python where its tensorflow is, without importing it. Throws InputError when there is none to link against. */
export function findTensorflow(python: string): PythonTensorflow {
  const child = spawnSync(python, ["-c", WHERE], { encoding: "utf8", timeout: LOAD_LIMIT_MS });
  if (child.error !== undefined) {
    throw new InputError(
      `backend link: --python must be a Python that runs, got ${shown(python)}; give the path of its interpreter`,
    );
  }
  if (child.status !== 0) {
    throw new InputError(
      `backend link: ${python} must have TensorFlow, got ${shown(reason(child))}; ${python} -m pip install tensorflow-cpu (or tensorflow[and-cuda])`,
    );
  }
  const { folder, version }: { folder: string; version: string } = JSON.parse(child.stdout);
  for (const needed of [LIBRARY, FRAMEWORK, "include/tensorflow/c/c_api.h"]) {
    if (!existsSync(path.join(folder, needed))) {
      throw new InputError(
        `backend link: TensorFlow ${version} must hold ${needed}, got none in ${folder}; install a Linux wheel of 2.9 or later`,
      );
    }
  }
  return { python, folder, version };
}

const WHERE = `
import importlib.util, importlib.metadata, json, os, sys
spec = importlib.util.find_spec("tensorflow")
if spec is None or spec.origin is None: sys.exit("no module named tensorflow")
def version():
    for name in ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tf-nightly"):
        try: return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError: pass
    return "unknown"
print(json.dumps({"folder": os.path.dirname(spec.origin), "version": version()}))
`;

/**
 * Builds the package's binding against Python's TensorFlow and loads it. What a download had put into the package's
 * deps/ is replaced (npm rebuild brings it back). Throws InputError when a piece is missing or the build fails.
 */
export function linkTensorflow(found: PythonTensorflow, packageFolder: string): TensorflowState {
  if (!existsSync(path.join(packageFolder, "binding.gyp"))) {
    throw new InputError(
      `backend link: --package must be the folder of ${TENSORFLOW_PACKAGE}, got ${shown(packageFolder)}; npm install -D --ignore-scripts ${TENSORFLOW_PINNED}`,
    );
  }
  // Before the package's own library goes: without node-gyp there is nothing to put in its place.
  const script = nodeGyp();
  const deps = path.join(packageFolder, "deps");
  rmSync(deps, { recursive: true, force: true });
  makeFolder(path.join(deps, "lib"));
  symlinkSync(path.join(found.folder, "include"), path.join(deps, "include"));
  symlinkSync(path.join(found.folder, LIBRARY), path.join(deps, "lib/libtensorflow.so"));
  symlinkSync(path.join(found.folder, FRAMEWORK), path.join(deps, "lib/libtensorflow_framework.so"));

  const build = spawnSync(process.execPath, [script, "rebuild", ...buildFlags(packageFolder)], {
    cwd: packageFolder,
    encoding: "utf8",
    timeout: BUILD_LIMIT_MS,
    // At run time the library is found in its own folder, where its own neighbours (CUDA) are found in turn.
    env: { ...process.env, LDFLAGS: `${process.env.LDFLAGS ?? ""} -Wl,-rpath,'${found.folder}'` },
  });
  if (build.status !== 0) {
    throw new InputError(
      `backend link: node-gyp must build the binding, got ${shown(reason(build))}; install a C++ compiler, make and python3`,
    );
  }
  return describeTensorflow(packageFolder);
}

/** npm carries node-gyp and tells the commands it runs where. */
function nodeGyp(): string {
  const asked = spawnSync("npm", ["exec", "--offline", "-c", "node -p process.env.npm_config_node_gyp"], {
    encoding: "utf8",
    timeout: LOAD_LIMIT_MS,
  });
  const script = (asked.stdout ?? "").trim();
  if (!existsSync(script)) {
    throw new InputError(`backend link: npm must carry node-gyp, got ${shown(script)}; install npm 9 or later`);
  }
  return script;
}

function buildFlags(packageFolder: string): string[] {
  const headers = path.resolve(process.execPath, "../..");
  return [
    "--module_name=tfjs_binding",
    `--module_path=${path.join(packageFolder, "lib", `napi-v${NAPI_VERSION}`)}`,
    `--napi_version=${NAPI_VERSION}`,
    `--napi_build_version=${NAPI_VERSION}`,
    // Node's own headers where they came with it: nothing is downloaded then.
    ...(existsSync(path.join(headers, "include/node/node_api.h")) ? [`--nodedir=${headers}`] : []),
  ];
}

/**
 * Why a child failed: what the system says of one that did not run to its end, else the line of a long error output
 * that says most: the first that is an error's own, else the last.
 */
function reason({ error, stderr }: Pick<SpawnSyncReturns<string>, "error" | "stderr">): string {
  if (error !== undefined) return "code" in error && error.code === "ETIMEDOUT" ? "no end in time" : reasonOf(error);
  const lines = (stderr ?? "").split("\n").filter((line) => line.trim() !== "");
  return (lines.find((line) => /^\w*Error:|\berror: /.test(line)) ?? lines.at(-1) ?? "no output").trim().slice(0, 200);
}
