// npm run build: TypeScript to dist/, what a page sends as it stands, then the AssemblyScript kernels to dist/kernels.wasm.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);
const root = path.resolve(import.meta.dirname, "..");
/** @type {(script: string, args: readonly string[]) => Buffer} */
const run = (script, args) => execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });

// A published package carries dist/ and no sources: nothing to build there.
if (existsSync(path.join(root, "src/index.ts"))) {
  rmSync(path.join(root, "dist"), { recursive: true, force: true });
  run(require.resolve("typescript/bin/tsc"), ["-p", "tsconfig.build.json"]);
  for (const asset of ["browser", "style.css"]) {
    cpSync(path.join(root, "src/report/page", asset), path.join(root, "dist/report/page", asset), {
      recursive: true,
      filter: (file) => !file.endsWith(".d.ts"),
    });
  }
  chmodSync(path.join(root, "dist/cli.js"), 0o755);
  const kernels = "src/train/kernels/assembly/index.ts";
  if (existsSync(path.join(root, kernels))) {
    const assemblyscript = path.dirname(require.resolve("assemblyscript/package.json"));
    run(path.join(assemblyscript, "bin/asc.js"), [kernels, "--config", "src/train/kernels/assembly/asconfig.json"]);
  }
}
