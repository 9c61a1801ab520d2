// Tokens on disk, 16 bits each: written whole or not at all, read in windows.
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { InputError } from "../../base/errors.js";
import { makeFolder, onDisk, writeWhole } from "../../base/write.js";

export interface TokenReader {
  /** Fills `into` from the token `start` on. */
  read(start: number, into: Uint16Array): void;
  close(): void;
}

export function tokenReader(folder: string, name: string, tokens: number): TokenReader {
  const handle = openSync(path.join(folder, name), "r");
  return {
    read: (start, into) => {
      const bytes = bytesOf(into);
      if (readSync(handle, bytes, 0, bytes.length, 2 * start) !== bytes.length) {
        throw new InputError(`corpus: ${name} must hold ${tokens} tokens, got fewer; delete ${folder} and start again`);
      }
    },
    close: () => closeSync(handle),
  };
}

const bytesOf = (tokens: Uint16Array): Uint8Array =>
  new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength);

const PLACE = "start in another folder: .cache lies in the working folder";

export interface TokenWriter {
  write(ids: Uint16Array): void;
  tokens(): number;
  /** Puts the file under its name. */
  finish(): void;
  /** Leaves nothing but a finished file. */
  close(): void;
}

/** A growing file of 16-bit tokens that appears under its name only when it is whole. */
export function tokenWriter(folder: string, name: string): TokenWriter {
  const file = path.join(folder, name);
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = onDisk(
    file,
    () => {
      makeFolder(folder);
      return openSync(temporary, "w");
    },
    PLACE,
  );
  let tokens = 0;
  return {
    write: (ids) => {
      onDisk(file, () => writeWhole(handle, bytesOf(ids)), PLACE);
      tokens += ids.length;
    },
    tokens: () => tokens,
    finish: () =>
      onDisk(
        file,
        () => {
          fsyncSync(handle);
          renameSync(temporary, file);
        },
        PLACE,
      ),
    close: () => {
      closeSync(handle);
      rmSync(temporary, { force: true });
    },
  };
}
