// The one place where the terminal is written. Whatever a command prints passes through here, and nothing in it that came
// from outside moves the cursor, hides or turns text around; what we draw ourselves goes by `draw`.
import { oneLine, visible } from "../base/visible.js";

const unguarded = process.stderr.write.bind(process.stderr);

let before: (() => void) | null = null;

/** Does `action` before each write of a guarded stream from now on; null for nothing. */
export function whenWritten(action: (() => void) | null): void {
  before = action;
}

/** Makes a stream write out what would not be seen; bytes pass as they are. */
export function guard(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array) => {
    before?.();
    return write(typeof chunk === "string" ? visible(chunk) : chunk);
  };
}

/** One line for people, on standard error. */
export const say = (text: string): void => void process.stderr.write(`${oneLine(text)}\n`);

/** Moves of the cursor, on standard error: for text of ours alone. */
export const draw = (text: string): void => void unguarded(text);
