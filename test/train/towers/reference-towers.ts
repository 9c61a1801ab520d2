// The operations of towers in double precision, loop by loop from their definitions. Gradients by central differences of
// these values: no derivation is shared with src/.

const at = (values: ArrayLike<number>, i: number): number => values[i] ?? Number.NaN;

/** Softmax attention over all positions of each sequence, per head, scale 1/√K. */
export function fullAttention(
  qkv: ArrayLike<number>,
  batch: number,
  time: number,
  heads: number,
  headWidth: number,
): Float64Array {
  const width = heads * headWidth;
  const out = new Float64Array(batch * time * width);
  const entry = (b: number, t: number, part: number, h: number, c: number) =>
    at(qkv, ((b * time + t) * 3 + part) * width + h * headWidth + c);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < time; t++) {
        const weights = Array.from({ length: time }, (_, s) => {
          let score = 0;
          for (let c = 0; c < headWidth; c++) score += entry(b, t, 0, h, c) * entry(b, s, 1, h, c);
          return Math.exp(score / Math.sqrt(headWidth));
        });
        const sum = weights.reduce((total, weight) => total + weight, 0);
        for (let c = 0; c < headWidth; c++) {
          out[(b * time + t) * width + h * headWidth + c] = weights.reduce(
            (total, weight, s) => total + (weight / sum) * entry(b, s, 2, h, c),
            0,
          );
        }
      }
    }
  }
  return out;
}

/** Mean over the rows of each example. */
export function meanPool(x: ArrayLike<number>, time: number, width: number): Float64Array {
  return Float64Array.from({ length: x.length / time }, (_, i) => {
    const [example, column] = [Math.floor(i / width), i % width];
    let sum = 0;
    for (let t = 0; t < time; t++) sum += at(x, (example * time + t) * width + column);
    return sum / time;
  });
}

/** x · yᵀ. */
export function similarities(x: ArrayLike<number>, y: ArrayLike<number>, width: number): Float64Array {
  const m = y.length / width;
  return Float64Array.from({ length: (x.length / width) * m }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < width; c++) sum += at(x, Math.floor(i / m) * width + c) * at(y, (i % m) * width + c);
    return sum;
  });
}

/** −Σ over j of log σ(z (e^τ s + b)), by row. */
export function sigmoidLoss(s: ArrayLike<number>, logScale: number, bias: number): Float64Array {
  const n = Math.sqrt(s.length);
  return Float64Array.from({ length: n }, (_, i) => {
    let loss = 0;
    for (let j = 0; j < n; j++) {
      const logit = Math.exp(logScale) * at(s, i * n + j) + bias;
      loss += Math.log1p(Math.exp(-(i === j ? 1 : -1) * logit));
    }
    return loss;
  });
}

/** d(Σ dy · f(x)) / dx by fourth-order central differences of a double-precision f. */
export function differences(
  f: (x: Float64Array) => Float64Array,
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
): Float64Array {
  const h = 1e-3;
  const along = (i: number, by: number): number => {
    const moved = Float64Array.from(x);
    moved[i] = at(moved, i) + by;
    return f(moved).reduce((sum, value, k) => sum + value * at(dy, k), 0);
  };
  return Float64Array.from(
    { length: x.length },
    (_, i) => (8 * (along(i, h) - along(i, -h)) - (along(i, 2 * h) - along(i, -2 * h))) / (12 * h),
  );
}
