// The way to a TensorFlow library inside Python. The build itself runs where python3 has tensorflow and tfjs-node-gpu is
// installed; RINSIGHT_TEST_PYTHON and RINSIGHT_TEST_TFJS name others.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { InputError } from "../../../src/base/errors.js";
import {
  describeTensorflow,
  findTensorflow,
  linkTensorflow,
  tensorflowPackage,
} from "../../../src/train/tensorflow/link.js";

const scratch = mkdtempSync(path.join(tmpdir(), "rinsight-link-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const python = process.env.RINSIGHT_TEST_PYTHON ?? "python3";
const packageFolder = process.env.RINSIGHT_TEST_TFJS ?? tensorflowPackage();
const hasTensorflow =
  spawnSync(python, ["-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('tensorflow') is None)"])
    .status === 0;

/** A program that answers like a Python would. */
function answering(name: string, shell: string): string {
  const file = path.join(scratch, name);
  writeFileSync(file, `#!/bin/sh\n${shell}\n`);
  chmodSync(file, 0o755);
  return file;
}

test("what is missing is said, with the command that brings it", () => {
  expect(() => findTensorflow(path.join(scratch, "no-python"))).toThrow(/must be a Python that runs/);
  expect(() => findTensorflow(answering("bare", "echo 'no module named tensorflow' >&2; exit 1"))).toThrow(
    /must have TensorFlow, got "no module named tensorflow"; .* -m pip install tensorflow-cpu/,
  );
  const old = answering("old", `echo '{"folder": "${scratch}", "version": "1.15.0"}'`);
  expect(() => findTensorflow(old)).toThrow(/TensorFlow 1.15.0 must hold libtensorflow_cc.so.2/);
  expect(() => linkTensorflow({ python, folder: scratch, version: "2.21.0" }, scratch)).toThrow(InputError);
  expect(describeTensorflow(null).kind).toBe("absent");
});

test("without node-gyp the package keeps the library that it has", () => {
  const folder = path.join(scratch, "package");
  mkdirSync(path.join(folder, "deps"), { recursive: true });
  writeFileSync(path.join(folder, "binding.gyp"), "");
  vi.stubEnv("PATH", scratch);
  expect(() => linkTensorflow({ python, folder: scratch, version: "2.21.0" }, folder)).toThrow(/must carry node-gyp/);
  vi.unstubAllEnvs();
  expect(existsSync(path.join(folder, "deps"))).toBe(true);
});

test("a package that was installed without its library is broken, whatever it throws", () => {
  const folder = path.join(scratch, "broken");
  mkdirSync(folder);
  writeFileSync(path.join(folder, "index.js"), `throw new Error("the addon can not be found");`);
  const state = describeTensorflow(folder);
  expect(state.kind).toBe("broken");
  expect(state.kind === "broken" && state.message).toMatch(/addon can not be found; run rinsight backend link/);
  writeFileSync(path.join(folder, "index.js"), "process.abort();");
  expect(describeTensorflow(folder).kind).toBe("broken");
});

const missing = [
  ...(hasTensorflow ? [] : [`${python} has no tensorflow`]),
  ...(packageFolder === null ? ["@tensorflow/tfjs-node-gpu is not installed"] : []),
].join(", ");

test.skipIf(missing !== "")(
  `the binding builds against Python's library and multiplies${missing && ` (skipped: ${missing})`}`,
  () => {
    if (packageFolder === null) return;
    // A copy is built, so that the installed one stays as it is; its dependencies are found one folder further up.
    symlinkSync(path.resolve(packageFolder, "../.."), path.join(scratch, "node_modules"));
    const copy = path.join(scratch, "copy/node_modules/@tensorflow/tfjs-node-gpu");
    cpSync(packageFolder, copy, {
      recursive: true,
      filter: (from) => !/^(deps|build|lib)\b/.test(path.relative(packageFolder, from)),
    });
    expect(describeTensorflow(copy).kind).toBe("broken");
    const found = findTensorflow(python);
    const state = linkTensorflow(found, copy);
    expect(state).toMatchObject({ kind: "ready", version: found.version });
    expect(state.kind === "ready" && state.devices.length).toBeGreaterThan(0);
  },
);
