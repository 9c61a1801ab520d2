// The heap of the tfjs wasm backend as shared memory, so that threads of ours can compute on it. tfjs offers threads in
// browsers alone; its module already bounds its memory, and one flag in it is all that sharing takes.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

const MODULE = "tfjs-backend-wasm-simd.wasm";
/** The memory section of tfjs 4.22.0: id 5, seven bytes, one memory, flags, 256 pages at first, 65,536 at most. */
const SECTION = [5, 7, 1, 1, 128, 2, 128, 128, 4];
const FLAGS = 3;
/** Has a maximum (1), is shared (2). */
const SHARED = 3;

let shared: Promise<void> | null = null;

/** Makes the wasm backend start on shared memory, once. Call it before the backend is used for the first time. */
export function shareMemory(): Promise<void> {
  shared ??= offerSharedModule();
  return shared;
}

async function offerSharedModule(): Promise<void> {
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  const entry = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/package.json");
  const bytes = await readFile(path.join(path.dirname(entry), "dist", MODULE));
  const section = bytes.indexOf(Buffer.from(SECTION));
  if (section < 0) throw new Error(`kernels: the memory of ${MODULE} is not declared as version 4.22.0 declares it`);
  bytes[section + FLAGS] = SHARED;
  const url = URL.createObjectURL(new Blob([Uint8Array.from(bytes)]));
  setWasmPaths({ [MODULE]: url, "tfjs-backend-wasm.wasm": url, "tfjs-backend-wasm-threaded-simd.wasm": url }, true);
}
