/**
 * One body on its way through the masker, in the format that its content type says. Whatever the chunks, the output is the
 * same. A document that cannot be read gives Malformed: what then happens is the caller's to decide.
 */
import { enableDetector, usePattern } from '../classify/detector-set';
import { DetectorKind, MaskDetector, MaskHeader } from '../layout';
import { clearEmbedded, dropInner } from './embedded';
import { BodyFormat } from './bodies/body-format';
import { Charset } from './bodies/body-charset';
import { closeCharset, feedCharset, openCharset } from './bodies/charset';
import { openFormat } from './bodies/formats';
import { clearOutput, lacksRoom } from './output';
import { ruleStrength } from './rules';
import { Masker, clearFormat, clearState, detectorsOf, maskerAt } from './state';

export { maskedLen, maskedPtr } from './output';
export { Charset } from './bodies/body-charset';
export { BodyFormat } from './bodies/body-format';
export { MASKER_BYTES } from './state';

/** What became of a call. */
export const enum MaskStatus {
  Ok = 0,
  /** not what its content type says, or nested too deep; nothing of this call's output may be used */
  Malformed = 1,
  /** no memory for the output; nothing of it may be used */
  NoRoom = 2,
}

/**
 * Puts a state block (MASKER_BYTES, aligned to 8) before the first byte of a body. `blob` went through `validateMaskBlob`
 * and stays where it is until the body is done. `band` is the Band of the decision. `arg` is what the format asks for; it
 * is copied.
 */
export function openBody(
  block: usize,
  blob: usize,
  clearance: u64,
  band: u32,
  format: BodyFormat,
  charset: Charset,
  arg: usize,
  argLen: u32,
): void {
  clearState(block);
  const m = maskerAt(block);
  m.blob = blob;
  m.clearance = clearance;
  m.band = band;
  m.format = format;
  clearFormat(m);
  enableDetectors(m);
  const isOpen = openCharset(m, charset) && openFormat(m, arg, argLen);
  if (!isOpen) m.failed = MaskStatus.Malformed;
}

/**
 * Takes `len` bytes; `isEnd` with the last ones, or alone. The output is in `maskedPtr` and
 * `maskedLen` until the next call of any masker. A call after a failed one fails the same way. An
 * empty body is fine.
 */
export function feedBody(block: usize, src: usize, len: usize, isEnd: bool): MaskStatus {
  const m = maskerAt(block);
  clearOutput(len);
  clearEmbedded();
  if (m.failed != 0) return <MaskStatus>m.failed;
  if (len != 0) m.started = true;
  const isRead =
    (len == 0 || feedCharset(m, src, len)) && (!isEnd || !m.started || closeCharset(m));
  if (isRead && !lacksRoom) return MaskStatus.Ok;
  m.failed = lacksRoom ? MaskStatus.NoRoom : MaskStatus.Malformed;
  return <MaskStatus>m.failed;
}

/** Frees what a body holds beside its block. */
export function closeBody(block: usize): void {
  dropInner(maskerAt(block));
}

/** Values masked so far; a string in which several are found counts once. */
export function bodyCount(block: usize): u32 {
  return maskerAt(block).count;
}

/** Labels of what was masked so far, one bit each. */
export function bodyLabels(block: usize): u64 {
  return maskerAt(block).found;
}

/** Bytes that are held back. */
export function bodyHeld(block: usize): u32 {
  return maskerAt(block).rawLen;
}

/** Enables the detectors that are in force for the caller of a state whose blob, clearance and band are set. */
export function enableDetectors(m: Masker): void {
  const set = detectorsOf(m);
  const count = load<u32>(m.blob, MaskHeader.detectorCount);
  const strings = m.blob + load<u32>(m.blob, MaskHeader.stringOff);
  let record = m.blob + load<u32>(m.blob, MaskHeader.detectorOff);
  for (let i: u32 = 0; i < count; i++, record += MaskDetector.SIZE) {
    const rule = load<u32>(record, MaskDetector.rule);
    const strength = ruleStrength(m.blob, rule, m.clearance, m.band);
    if (strength == 0) continue;
    const kind = load<u32>(record, MaskDetector.kind);
    if (kind >= <u32>DetectorKind.Pattern0) {
      set.patterns = strings;
      // INVARIANT: `validateMaskBlob` has checked the table.
      usePattern(set, kind - DetectorKind.Pattern0, load<u32>(record, MaskDetector.pattern));
    }
    enableDetector(set, kind, strength);
    if (strength > m.detectorStrength) m.detectorStrength = strength;
  }
}
