/** Frames of the audit spool: what was written whole can be told from what a crash cut off. */
import { crc32 } from 'node:zlib';

/*
 *  0        4        8            8 + length
 *  | length | crc32  | payload    |            both u32 little-endian, crc32 of the payload
 */

/** Bytes before each payload. */
export const FRAME_HEADER_BYTES = 8;

/** Largest payload, in bytes: a longer length in a file is damage. */
export const LARGEST_PAYLOAD_BYTES = 4 * 1024 * 1024;

/** The frame of `payload` (1 to `LARGEST_PAYLOAD_BYTES` bytes). */
export function encodeFrame(payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt32LE(crc32(payload), 4);
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/**
 * The payload of the frame that starts at `offset`; undefined when the file ends or is damaged
 * there.
 */
export function decodeFrame(file: Buffer, offset: number): Buffer | undefined {
  if (file.length - offset < FRAME_HEADER_BYTES) return undefined;
  const length = file.readUInt32LE(offset);
  if (length === 0 || length > LARGEST_PAYLOAD_BYTES) return undefined;
  if (file.length - offset - FRAME_HEADER_BYTES < length) return undefined;
  const start = offset + FRAME_HEADER_BYTES;
  const payload = file.subarray(start, start + length);
  return crc32(payload) === file.readUInt32LE(offset + 4) ? payload : undefined;
}

/** How many bytes of `file`, from its start, are whole frames. */
export function wholeFramesLen(file: Buffer): number {
  let offset = 0;
  for (;;) {
    const payload = decodeFrame(file, offset);
    if (!payload) return offset;
    offset += FRAME_HEADER_BYTES + payload.length;
  }
}
