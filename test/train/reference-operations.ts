// The operations of the model in double precision, loop by loop from their definitions: no tensor library, no code of
// src/. Gradients are written out by hand and are themselves checked against central differences in the test beside.

type Values = ArrayLike<number>;
const at = (values: Values, i: number): number => values[i] ?? Number.NaN;
const zeros = (count: number) => new Float64Array(count);
function increase(values: Float64Array, i: number, by: number): void {
  values[i] = at(values, i) + by;
}

export function linear(x: Values, w: Values, dy: Values, rows: number, inputs: number, outputs: number) {
  const [y, dx, dw] = [zeros(rows * outputs), zeros(rows * inputs), zeros(inputs * outputs)];
  for (let n = 0; n < rows; n++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) {
        increase(y, n * outputs + o, at(x, n * inputs + i) * at(w, i * outputs + o));
        increase(dx, n * inputs + i, at(dy, n * outputs + o) * at(w, i * outputs + o));
        increase(dw, i * outputs + o, at(x, n * inputs + i) * at(dy, n * outputs + o));
      }
    }
  }
  return { y, dx, dw };
}

export function rmsNorm(x: Values, gain: Values, dy: Values, rows: number, width: number) {
  const [y, dx, dgain] = [zeros(rows * width), zeros(rows * width), zeros(width)];
  for (let n = 0; n < rows; n++) {
    let squares = 0;
    for (let j = 0; j < width; j++) squares += at(x, n * width + j) ** 2;
    const r = 1 / Math.sqrt(squares / width + 1e-6);
    let along = 0;
    for (let j = 0; j < width; j++) {
      const i = n * width + j;
      y[i] = at(x, i) * r * at(gain, j);
      increase(dgain, j, at(dy, i) * at(x, i) * r);
      along += at(dy, i) * at(gain, j) * at(x, i);
    }
    for (let j = 0; j < width; j++) {
      const i = n * width + j;
      dx[i] = r * at(dy, i) * at(gain, j) - (at(x, i) * r ** 3 * along) / width;
    }
  }
  return { y, dx, dgain };
}

export function crossEntropy(logits: Values, targets: Values, dy: Values, rows: number, vocabulary: number) {
  const [losses, dlogits] = [zeros(rows), zeros(rows * vocabulary)];
  for (let n = 0; n < rows; n++) {
    let top = Number.NEGATIVE_INFINITY;
    for (let v = 0; v < vocabulary; v++) top = Math.max(top, at(logits, n * vocabulary + v));
    let sum = 0;
    for (let v = 0; v < vocabulary; v++) sum += Math.exp(at(logits, n * vocabulary + v) - top);
    losses[n] = top + Math.log(sum) - at(logits, n * vocabulary + at(targets, n));
    for (let v = 0; v < vocabulary; v++) {
      const i = n * vocabulary + v;
      dlogits[i] = at(dy, n) * (Math.exp(at(logits, i) - top) / sum - (v === at(targets, n) ? 1 : 0));
    }
  }
  return { losses, dlogits };
}

export function attention(qkv: Values, dy: Values, batch: number, time: number, heads: number, headWidth: number) {
  const width = heads * headWidth;
  const half = headWidth / 2;
  const [out, dqkv] = [zeros(batch * time * width), zeros(batch * time * 3 * width)];
  /** Component c of the turned row (or, turned back, of its gradient) that starts at `start`. */
  const turned = (values: Values, start: number, t: number, c: number, sign: number) => {
    const angle = sign * t * 10_000 ** (-(c % half) / half);
    const [first, second] = [at(values, start + (c % half)), at(values, start + half + (c % half))];
    return c < half
      ? first * Math.cos(angle) - second * Math.sin(angle)
      : second * Math.cos(angle) + first * Math.sin(angle);
  };
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const start = (t: number, part: number) => ((b * time + t) * 3 + part) * width + h * headWidth;
      const rows = (part: number) => {
        const turn = (t: number, c: number) => turned(qkv, start(t, part), t, c, 1);
        return Float64Array.from({ length: time * headWidth }, (_, i) =>
          turn(Math.floor(i / headWidth), i % headWidth),
        );
      };
      const [q, k] = [rows(0), rows(1)];
      const [dq, dk] = [zeros(q.length), zeros(k.length)];
      for (let t = 0; t < time; t++) {
        const scores = zeros(t + 1);
        for (let s = 0; s <= t; s++) {
          for (let c = 0; c < headWidth; c++) increase(scores, s, at(q, t * headWidth + c) * at(k, s * headWidth + c));
        }
        const top = Math.max(...scores) / Math.sqrt(headWidth);
        const weights = scores.map((score) => Math.exp(score / Math.sqrt(headWidth) - top));
        const sum = weights.reduce((a, w) => a + w, 0);
        const dweights = zeros(t + 1);
        let along = 0;
        for (let s = 0; s <= t; s++) {
          const p = at(weights, s) / sum;
          for (let c = 0; c < headWidth; c++) {
            const o = (b * time + t) * width + h * headWidth + c;
            increase(out, o, p * at(qkv, start(s, 2) + c));
            increase(dqkv, start(s, 2) + c, p * at(dy, o));
            increase(dweights, s, at(dy, o) * at(qkv, start(s, 2) + c));
          }
          along += p * at(dweights, s);
        }
        for (let s = 0; s <= t; s++) {
          const dscore = ((at(weights, s) / sum) * (at(dweights, s) - along)) / Math.sqrt(headWidth);
          for (let c = 0; c < headWidth; c++) {
            increase(dq, t * headWidth + c, dscore * at(k, s * headWidth + c));
            increase(dk, s * headWidth + c, dscore * at(q, t * headWidth + c));
          }
        }
      }
      for (let t = 0; t < time; t++) {
        for (let c = 0; c < headWidth; c++) {
          dqkv[start(t, 0) + c] = turned(dq, t * headWidth, t, c, -1);
          dqkv[start(t, 1) + c] = turned(dk, t * headWidth, t, c, -1);
        }
      }
    }
  }
  return { out, dqkv };
}
