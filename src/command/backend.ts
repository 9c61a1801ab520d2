// rinsight backend: `link` builds the TensorFlow backend against the library inside a Python installation.
import { Argument, type Command } from "commander";
import { InputError } from "../base/errors.js";
import {
  findTensorflow,
  linkTensorflow,
  TENSORFLOW_PACKAGE,
  TENSORFLOW_PINNED,
  tensorflowPackage,
} from "../train/tensorflow/link.js";
import { newCommand } from "./command.js";

export function command(): Command {
  return newCommand(
    "backend",
    `link: build ${TENSORFLOW_PACKAGE} against the TensorFlow of a Python installation`,
    "rinsight backend link --python python3",
  )
    .addArgument(new Argument("<action>", "what to do").choices(["link"]))
    .option("--python <path>", "Python interpreter that has tensorflow or tensorflow-cpu", "python3")
    .option("--package <folder>", `folder of ${TENSORFLOW_PACKAGE}, when it is not beside Rinsight`)
    .action((_action: string, options: { python: string; package?: string; json?: boolean }) => {
      const folder = options.package ?? tensorflowPackage();
      if (folder === null) {
        throw new InputError(
          `backend link: ${TENSORFLOW_PACKAGE} must be installed, got none; npm install -D --ignore-scripts ${TENSORFLOW_PINNED}`,
        );
      }
      const found = findTensorflow(options.python);
      process.stderr.write(`building ${folder} against TensorFlow ${found.version} in ${found.folder} …\n`);
      const state = linkTensorflow(found, folder);
      if (state.kind !== "ready") {
        throw new InputError(`backend link: the built binding must load, got ${state.message}`);
      }
      process.stdout.write(
        options.json
          ? `${JSON.stringify(state, null, 2)}\n`
          : `TensorFlow ${state.version} on ${state.devices.join(", ")}\nlibrary ${state.library ?? "–"}\nused by --backend tensorflow\n`,
      );
    });
}
