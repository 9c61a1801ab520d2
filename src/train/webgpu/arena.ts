// The memory of one model on a GPU and the steps that run in it. Steps share the buffers of what passes within them,
// so that memory stays as it is once every kind of step has run.
import { InputError } from "../../base/errors.js";
import type { Gpu } from "./gpu.js";
import { BYTES, type Kernel, type Storage } from "./kernel.js";
import { place } from "./placement.js";
import type { Dispatch, Piece } from "./tape.js";

/** GPUBufferUsage and GPUMapMode of the standard: Node has no such globals. */
const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, storage: 128 } as const;
const MAP_READ = 1;

/** A step ready to run. */
export interface Program {
  readonly calls: readonly {
    readonly pipeline: GPUComputePipeline;
    readonly bindings: GPUBindGroup;
    readonly groups: readonly [number, number, number];
  }[];
  /** Where a kept piece is when the step has run. */
  bufferOf(piece: Piece): GPUBuffer;
}

export interface Arena {
  /** Makes the lasting buffer of a name, all zeros. */
  make(name: string, numbers: number): void;
  write(name: string, values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer>): void;
  prepare(dispatches: readonly Dispatch[], kept?: readonly Piece[]): Promise<Program>;
  /** Runs a step in one submission: lasting buffers of these names become zero first, a kept piece is copied after. */
  run(program: Program, clear: readonly string[], copy?: { piece: Piece; to: string; at: number }): void;
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** Bytes in buffers. */
  bytes(): number;
  destroy(): void;
}

/** `precision` is that of the run, for what is said when it does not fit. */
export function newArena(gpu: Gpu, precision: Storage = "f32"): Arena {
  const { device } = gpu;
  const named = new Map<string, GPUBuffer>();
  const passing: GPUBuffer[] = [];
  /** Whether the device had the memory of each buffer since the last look. */
  let refusals: Promise<GPUError | null>[] = [];
  const checkSize = (bytes: number): void => {
    const most = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
    if (bytes > most) {
      throw new InputError(
        `webgpu: a buffer must have at most ${mebibytes(most)} on this GPU, got ${mebibytes(bytes)}; lower --batch, --vocab or --width`,
      );
    }
  };
  const buffer = (bytes: number): GPUBuffer => {
    checkSize(bytes);
    device.pushErrorScope("out-of-memory");
    const made = device.createBuffer({ size: bytes, usage: USAGE.storage | USAGE.copySource | USAGE.copyTarget });
    refusals.push(device.popErrorScope());
    return made;
  };
  /** A kernel that needs more workgroups along a dimension than the device runs. */
  const checkGroups = ({ groups }: Kernel): void => {
    const most = device.limits.maxComputeWorkgroupsPerDimension;
    const needed = Math.max(...groups);
    if (needed > most) {
      throw new InputError(
        `webgpu: a kernel must have at most ${most} workgroups along a side on this GPU, got ${needed}; lower --batch, --heads or --context`,
      );
    }
  };
  const lasting = (name: string): GPUBuffer => {
    const found = named.get(name);
    if (found === undefined) throw new Error(`webgpu: no buffer ${name}`);
    return found;
  };
  const bytes = (): number => [...named.values(), ...passing].reduce((sum, { size }) => sum + size, 0);

  /** Buffers of these sizes among those that pass, made where they are missing. */
  const passingOf = (sizes: readonly number[]): GPUBuffer[] => {
    const free = [...passing];
    return sizes.map((size) => {
      const at = free.findIndex((one) => one.size === size);
      const [known] = at < 0 ? [] : free.splice(at, 1);
      if (known !== undefined) return known;
      const made = buffer(size);
      passing.push(made);
      return made;
    });
  };

  return {
    make: (name, numbers) => {
      named.set(name, buffer(BYTES.f32 * numbers));
    },
    write: (name, values) => device.queue.writeBuffer(lasting(name), 0, values),
    prepare: async (dispatches, kept = []) => {
      const placement = place(dispatches, kept);
      for (const size of placement.buffers) checkSize(size);
      for (const { kernel } of dispatches) checkGroups(kernel);
      const held = passingOf(placement.buffers);
      const errors = await gpu.awaited(Promise.all(refusals));
      refusals = [];
      if (errors.some((error) => error !== null)) {
        throw new InputError(
          `webgpu: the GPU must have memory for the ${mebibytes(bytes())} of the run, got less; lower --batch, --context, --layers or --width${precision === "f16" ? "" : ", or give --precision f16"}`,
        );
      }
      const bufferOf = (piece: Piece): GPUBuffer => {
        if (piece.kind === "lasting") return lasting(piece.name);
        const found = held[placement.bufferOf.get(piece.id) ?? -1];
        if (found === undefined) throw new Error(`webgpu: piece ${piece.id} has no place`);
        return found;
      };
      const calls = await Promise.all(
        dispatches.map(async ({ kernel, pieces }) => {
          const pipeline = await gpu.awaited(gpu.pipeline(kernel.code));
          const bindings = device.createBindGroup({
            layout: pipeline.getBindGroupLayout(0),
            entries: pieces.map((piece, binding) => ({
              binding,
              resource: {
                buffer: bufferOf(piece),
                offset: piece.kind === "lasting" ? piece.offset : 0,
                size: piece.bytes,
              },
            })),
          });
          return { pipeline, bindings, groups: kernel.groups };
        }),
      );
      return { calls, bufferOf };
    },
    run: ({ calls, bufferOf }, clear, copy) => {
      const encoder = device.createCommandEncoder();
      for (const name of clear) encoder.clearBuffer(lasting(name));
      const pass = encoder.beginComputePass();
      for (const { pipeline, bindings, groups } of calls) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bindings);
        pass.dispatchWorkgroups(...groups);
      }
      pass.end();
      if (copy !== undefined) {
        encoder.copyBufferToBuffer(bufferOf(copy.piece), 0, lasting(copy.to), BYTES.f32 * copy.at, copy.piece.bytes);
      }
      device.queue.submit([encoder.finish()]);
    },
    read: async (name) => {
      gpu.check();
      const from = lasting(name);
      const staging = device.createBuffer({ size: from.size, usage: USAGE.mapRead | USAGE.copyTarget });
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(from, 0, staging, 0, from.size);
      device.queue.submit([encoder.finish()]);
      await gpu.awaited(staging.mapAsync(MAP_READ));
      const values = new Float32Array(staging.getMappedRange().slice(0));
      staging.destroy();
      gpu.check();
      return values;
    },
    bytes,
    destroy: () => {
      for (const one of [...named.values(), ...passing]) one.destroy();
    },
  };
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
