// The WebGPU device of the tests: that of this machine where it has one, else the software renderer SwiftShader that
// comes with Debian's chromium.
import { existsSync } from "node:fs";
import { type NodeGpu, nodeGpu } from "../../src/train/webgpu/node-device.js";

const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Null where nothing offers WebGPU. */
export async function testGpu(): Promise<NodeGpu | null> {
  if (process.env.VK_DRIVER_FILES === undefined && existsSync(SWIFTSHADER))
    process.env.VK_ICD_FILENAMES ??= SWIFTSHADER;
  try {
    return await nodeGpu();
  } catch {
    return null;
  }
}
