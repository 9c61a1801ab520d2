// TensorBoard event files: records framed as in TFRecord (length, masked CRC-32C, bytes, masked CRC-32C), each an Event
// in protocol buffers. Scalars only, in the old form (simple_value) and the new (a float tensor).
// Formats: tensorflow/core/util/event.proto, summary.proto; lib/io/record_writer.
import { PbfReader } from "pbf";
import { InputError, reasonOf } from "../../base/errors.js";
import type { Source } from "./source.js";

export interface Scalar {
  readonly tag: string;
  readonly step: number;
  readonly value: number;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

/** CRC-32C (Castagnoli), rotated and offset as TFRecord stores it. */
export function maskedCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** True for bytes that begin with a record whose length has its checksum. */
export function isEventFile(bytes: Uint8Array): boolean {
  if (bytes.length < 12) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return maskedCrc32c(bytes.subarray(0, 8)) === view.getUint32(8, true);
}

/** The scalars of an event file, in its order; `torn` where the last record was cut off. Throws InputError at a bad checksum. */
export function readEvents(source: Source): { readonly scalars: readonly Scalar[]; readonly torn: boolean } {
  const { name, bytes } = source;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const scalars: Scalar[] = [];
  let offset = 0;
  const check = (start: number, end: number): void => {
    if (maskedCrc32c(bytes.subarray(start, end)) === view.getUint32(end, true)) return;
    throw new InputError(
      `${name} byte ${start}: record must match its checksum, got another; the file is damaged: copy it again`,
    );
  };
  while (offset + 12 <= bytes.length) {
    check(offset, offset + 8);
    const length = Number(view.getBigUint64(offset, true));
    const start = offset + 12;
    if (start + length + 4 > bytes.length) return { scalars, torn: true };
    check(start, start + length);
    try {
      readEvent(bytes.subarray(start, start + length), scalars);
    } catch (error) {
      const reason = reasonOf(error);
      throw new InputError(
        `${name} byte ${start}: record must be an event, got "${reason}"; give a TensorBoard event file`,
      );
    }
    offset = start + length + 4;
  }
  return { scalars, torn: offset < bytes.length };
}

function readEvent(bytes: Uint8Array, scalars: Scalar[]): void {
  let step = 0;
  const found: { readonly tag: string; readonly value: number }[] = [];
  eachField(bytes, (field, reader) => {
    if (field === 2) step = reader.readVarint(true);
    else if (field === 5)
      eachField(reader.readBytes(), (inner, summary) => {
        if (inner !== 1) return;
        const value = readValue(summary.readBytes());
        if (value !== null) found.push(value);
      });
  });
  for (const { tag, value } of found) scalars.push({ tag, step, value });
}

/** Calls `take` for each field; what it leaves unread is skipped. */
function eachField(bytes: Uint8Array, take: (field: number, reader: PbfReader) => void): void {
  const reader = new PbfReader(bytes);
  reader.readFields((field) => take(field, reader), null);
  if (reader.pos > reader.length) throw new RangeError("a field longer than its message");
}

function readValue(bytes: Uint8Array): { readonly tag: string; readonly value: number } | null {
  let tag = "";
  let value: number | null = null;
  eachField(bytes, (field, reader) => {
    if (field === 1) tag = reader.readString();
    else if (field === 2) value = reader.readFloat();
    else if (field === 8) value = readTensor(reader.readBytes());
  });
  return value === null ? null : { tag, value };
}

/** The one number of a float or double tensor; null for anything else. */
function readTensor(bytes: Uint8Array): number | null {
  let [type, content]: [number, Uint8Array | null] = [0, null];
  const values: number[] = [];
  eachField(bytes, (field, reader) => {
    if (field === 1) type = reader.readVarint();
    else if (field === 4) content = reader.readBytes();
    else if (field === 5) reader.readPackedFloat(values);
    else if (field === 6) reader.readPackedDouble(values);
  });
  const raw: Uint8Array | null = content;
  if (values.length === 1) return values[0] ?? null;
  if (raw === null) return null;
  return tensorContent(raw, type);
}

function tensorContent(raw: Uint8Array, type: number): number | null {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  if (type === 1 && raw.length === 4) return view.getFloat32(0, true);
  return type === 2 && raw.length === 8 ? view.getFloat64(0, true) : null;
}
