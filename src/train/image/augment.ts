// A training picture and its caption changed anew each time they are seen, so that few drawings last for many passes.
// What is changed and how far is drawn from the run's seed alone; only +, ×, / and rounding, which every machine does alike.
import type { Random } from "../../base/random.js";
import type { Augmentation, PictureShape } from "../../scheme/task.js";

/** A picture as it is looked at once: pixel p of the view is taken from turn · p + shift, both from the centre. */
export interface View {
  readonly mirrored: boolean;
  /** Rows of a 2 × 2 matrix. */
  readonly turn: readonly [number, number, number, number];
  /** Across and down, in shares of the side. */
  readonly shift: readonly [number, number];
  /** Factor of 255 − v, for red, green and blue. */
  readonly colour: readonly [number, number, number];
}

/** A mirrored picture of these would be called otherwise. */
const SIDED = new Set(
  "left right clockwise counterclockwise anticlockwise back forward next previous last first east west northeast northwest southeast southwest button letter letters input symbols abc numbers keycap thirty clock".split(
    " ",
  ),
);

/** "person facing right", "keycap: 3" and "twelve o’clock" are not. */
export const isMirrorable = (name: string): boolean =>
  !(name.toLowerCase().match(/[a-z]+|[0-9]+/g) ?? []).some((word) => SIDED.has(word) || /[0-9]/.test(word));

/** Uniform in all that `bounds` says; mirrored half the time where the name allows. */
export function drawView(stream: Random, name: string, bounds: Augmentation): View {
  const within = (bound: number) => bound * (2 * stream.uniform() - 1);
  const mirrored = stream.uniform() < 0.5 && isMirrorable(name);
  // cos and sin from the tangent of half the angle: they are rational in it.
  const t = within(bounds.turn);
  const scale = 1 + within(bounds.zoom);
  const cos = (scale * (1 - t * t)) / (1 + t * t);
  const sin = (scale * 2 * t) / (1 + t * t);
  return {
    mirrored,
    turn: [cos, -sin, sin, cos],
    shift: [within(bounds.shift), within(bounds.shift)],
    colour: [1 + within(bounds.colour), 1 + within(bounds.colour), 1 + within(bounds.colour)],
  };
}

/** Pixels [side, side, channels] as a view shows them: bilinear, what lies outside being the nearest pixel of the border. */
export function viewed(pixels: Uint8Array, { side, channels }: PictureShape, view: View): Uint8Array {
  const seen = new Uint8Array(pixels.length);
  const middle = (side - 1) / 2;
  const [a, b, c, d] = view.turn;
  const [across, down] = [middle + view.shift[0] * side, middle + view.shift[1] * side];
  const inside = (at: number) => Math.min(side - 1, Math.max(0, at));
  for (let to = 0, y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const fromMiddle = view.mirrored ? middle - x : x - middle;
      const u = inside(a * fromMiddle + b * (y - middle) + across);
      const v = inside(c * fromMiddle + d * (y - middle) + down);
      const [left, top] = [Math.floor(u), Math.floor(v)];
      const [right, low] = [inside(left + 1), inside(top + 1)];
      const [p, q] = [u - left, v - top];
      for (let channel = 0; channel < channels; channel++) {
        const at = (row: number, column: number) => pixels[(row * side + column) * channels + channel] ?? 0;
        const value =
          (1 - q) * ((1 - p) * at(top, left) + p * at(top, right)) + q * ((1 - p) * at(low, left) + p * at(low, right));
        // Grey pictures have no colour to change, and may stand on black.
        const gain = channels === 3 ? (view.colour[channel] ?? 1) : 1;
        seen[to++] = Math.min(255, Math.max(0, Math.round(255 - gain * (255 - value))));
      }
    }
  }
  return seen;
}

/** Tags at most in a drawn caption. */
const MOST_TAGS = 4;

/** The name alone, or before or after one to four of its tags in any order. It always holds the name, by which captions differ. */
export function drawCaption(stream: Random, name: string, tags: readonly string[]): string {
  const order = stream.integer(3);
  const left = [...tags];
  const some: string[] = [];
  for (let count = 1 + stream.integer(MOST_TAGS); some.length < count && left.length > 0; ) {
    some.push(...left.splice(stream.integer(left.length), 1));
  }
  if (order === 0 || some.length === 0) return name;
  return order === 1 ? `${name}: ${some.join(" ")}` : `${some.join(" ")}: ${name}`;
}
