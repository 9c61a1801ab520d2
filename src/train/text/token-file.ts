// Tokens on disk, 16 bits each: written whole or not at all, read in windows, and never read unchecked. Behind the tokens
// stands a CRC-32 for each block of 4,096, and the SHA-256 of these goes into the description of the corpus.
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";
import { InputError } from "../../base/errors.js";
import { sha256 } from "../../base/json.js";
import { regularFile } from "../../base/regular-file.js";
import { makeFolder, onDisk, syncFolder, temporaryOf, tidyTemporaries, writeWhole } from "../../base/write.js";

/** Bytes under one checksum: so few that a window costs little more to read, 0.05% in space. */
const BLOCK = 8192;
const CRC_BYTES = 4;

export interface TokenReader {
  /** Fills `into` from the token `start` on. Throws InputError where the bytes are not those that were written. */
  read(start: number, into: Uint16Array): void;
  /** Reads everything once: true where all bytes are those that were written. */
  isIntact(): boolean;
  close(): void;
}

/** @param checksum of the file's checksums, as its writer gave it. */
export function tokenReader(folder: string, name: string, tokens: number, checksum: string): TokenReader {
  const file = path.join(folder, name);
  onDisk(file, () => regularFile(file), PLACE);
  const handle = onDisk(file, () => openSync(file, "r"), PLACE);
  const size = 2 * tokens;
  const sums = Buffer.alloc(CRC_BYTES * Math.ceil(size / BLOCK));
  const fill = (bytes: Uint8Array, position: number): boolean =>
    onDisk(file, () => readSync(handle, bytes, 0, bytes.length, position) === bytes.length, PLACE);
  const hasSums = fill(sums, size) && sha256(sums) === checksum;
  /** The bytes from `from`, where a block begins, to `to`, where one ends; null where one of them is damaged. */
  const checked = (from: number, to: number): Buffer | null => {
    const bytes = Buffer.alloc(to - from);
    if (!hasSums || !fill(bytes, from)) return null;
    for (let at = 0; at < bytes.length; at += BLOCK) {
      const sum = sums.readUInt32LE(CRC_BYTES * ((from + at) / BLOCK));
      if (crc32(bytes.subarray(at, at + BLOCK)) !== sum) return null;
    }
    return bytes;
  };
  return {
    read: (start, into) => {
      const [from, to] = [2 * start, 2 * (start + into.length)];
      const begin = from - (from % BLOCK);
      const bytes = checked(begin, Math.min(size, BLOCK * Math.ceil(to / BLOCK)));
      if (bytes === null) {
        throw new InputError(
          `corpus: ${file} must match its checksums, got other bytes near token ${start}; check the disk and start again: the corpus is prepared anew`,
        );
      }
      bytesOf(into).set(bytes.subarray(from - begin, to - begin));
    },
    isIntact: () => {
      const stride = 128 * BLOCK;
      for (let at = 0; at < size; at += stride) if (checked(at, Math.min(size, at + stride)) === null) return false;
      return hasSums;
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
  /** Puts the file under its name and gives the checksum of its checksums. */
  finish(): string;
  /** Leaves nothing but a finished file. */
  close(): void;
}

/** A growing file of 16-bit tokens that appears under its name only when it is whole. */
export function tokenWriter(folder: string, name: string): TokenWriter {
  const file = path.join(folder, name);
  const temporary = temporaryOf(file);
  const handle = onDisk(
    file,
    () => {
      makeFolder(folder);
      tidyTemporaries(file);
      return openSync(temporary, "w");
    },
    PLACE,
  );
  const sums: number[] = [];
  let bytesDone = 0;
  const addSums = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; ) {
      const block = Math.floor(bytesDone / BLOCK);
      const part = bytes.subarray(at, at + BLOCK - (bytesDone % BLOCK));
      sums[block] = crc32(part, sums[block] ?? 0);
      at += part.length;
      bytesDone += part.length;
    }
  };
  return {
    write: (ids) => {
      onDisk(file, () => writeWhole(handle, bytesOf(ids)), PLACE);
      addSums(bytesOf(ids));
    },
    tokens: () => bytesDone / 2,
    finish: () =>
      onDisk(
        file,
        () => {
          const tail = Buffer.alloc(CRC_BYTES * sums.length);
          sums.forEach((sum, block) => {
            tail.writeUInt32LE(sum, CRC_BYTES * block);
          });
          writeWhole(handle, tail);
          fsyncSync(handle);
          renameSync(temporary, file);
          syncFolder(folder);
          return sha256(tail);
        },
        PLACE,
      ),
    close: () => {
      closeSync(handle);
      onDisk(file, () => rmSync(temporary, { force: true }), PLACE);
    },
  };
}
