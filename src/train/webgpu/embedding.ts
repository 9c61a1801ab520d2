// Rows of the embedding table, and its gradient: each row of the table adds up the gradients of its own places in the
// order in which they come, so that the sum is the same every time. No atomics.
import { buffers, elementwise, entry, groupsOf, type Kernel } from "./kernel.js";

/** Buffers: table [V, E], ids [N], rows [N, E]. */
export const embedding = (rows: number, width: number): Kernel =>
  elementwise(
    buffers(["table", "read", "f32"], ["ids", "read", "u32"], ["rows", "write", "f32"]),
    rows * width,
    `rows[i] = table[ids[i / ${width}u] * ${width}u + i % ${width}u];`,
  );

/** Buffers: places [V + 1 + N] as `segments` makes them, dy [N, E], dtable [V, E], which is added to. */
export const embeddingGradient = (vocabulary: number, width: number): Kernel => ({
  code: `${buffers(["places", "read", "u32"], ["dy", "read", "f32"], ["dtable", "write", "f32"])}
${entry(64, vocabulary)}
  let begin = places[workgroup];
  let end = places[workgroup + 1u];
  if (begin == end) { return; }
  for (var j = thread; j < ${width}u; j += 64u) {
    var sum = 0.0;
    for (var p = begin; p < end; p++) { sum += dy[places[p] * ${width}u + j]; }
    dtable[workgroup * ${width}u + j] += sum;
  }
}`,
  groups: groupsOf(vocabulary),
});

/**
 * Where each id stands: V + 1 starts, then the N places sorted by id and within an id in their order (a counting
 * sort). The places of id v are entries starts[v] to starts[v + 1] of the whole array.
 */
export function segments(ids: ArrayLike<number>, vocabulary: number): Uint32Array<ArrayBuffer> {
  const sorted = new Uint32Array(vocabulary + 1 + ids.length);
  for (let n = 0; n < ids.length; n++) {
    const next = (ids[n] ?? 0) + 1;
    sorted[next] = (sorted[next] ?? 0) + 1;
  }
  sorted[0] = vocabulary + 1;
  for (let v = 1; v <= vocabulary; v++) sorted[v] = (sorted[v] ?? 0) + (sorted[v - 1] ?? 0);
  const free = sorted.slice(0, vocabulary);
  for (let n = 0; n < ids.length; n++) {
    const id = ids[n] ?? 0;
    const place = free[id] ?? 0;
    sorted[place] = n;
    free[id] = place + 1;
  }
  return sorted;
}
