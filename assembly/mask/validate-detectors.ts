/** Checks the detectors of a mask blob. */
import { validatePattern } from '../classify/pattern';
import { DetectorKind, MaskDetector, MaskHeader, PATTERNS_MAX, PATTERN_MAX_BYTES } from '../layout';
import { isTextAbsent, isTextInside, tableAt, tableCount, textAt, textLen } from './blob-bounds';

/** Place and length of the table of each pattern, as the first record of its kind has them. */
const tables = memory.data(64);

/** Whether every detector is known and has its rule; all records of a pattern have the same table. */
export function areDetectorsValid(blob: usize): bool {
  memory.fill(tables, 0, (<usize>PATTERNS_MAX) << 3);
  const rules = tableCount(blob, MaskHeader.ruleOff);
  let detector = tableAt(blob, MaskHeader.detectorOff);
  for (let left = tableCount(blob, MaskHeader.detectorOff); left > 0; left--) {
    const kind = load<u32>(detector, MaskDetector.kind);
    const pattern = detector + MaskDetector.pattern;
    if (load<u32>(detector, MaskDetector.rule) >= rules) return false;
    if (kind >= <u32>DetectorKind.Pattern0 && kind <= <u32>DetectorKind.Pattern7) {
      if (!isPatternValid(blob, kind - DetectorKind.Pattern0, pattern)) return false;
    } else if (!isValueKind(kind) || !isTextAbsent(pattern)) return false;
    detector += MaskDetector.SIZE;
  }
  return true;
}

function isValueKind(kind: u32): bool {
  return (
    (kind >= <u32>DetectorKind.Card && kind <= <u32>DetectorKind.Secret) ||
    (kind >= <u32>DetectorKind.BrCpf && kind <= <u32>DetectorKind.NoFodselsnummer)
  );
}

/** A table is read once, however many records have it. */
function isPatternValid(blob: usize, index: u32, field: usize): bool {
  const known = tables + ((<usize>index) << 3);
  if (load<u64>(known) != 0) return load<u64>(known) == load<u64>(field);
  store<u64>(known, load<u64>(field));
  if (textLen(field) == 0 || !isTextInside(blob, field, PATTERN_MAX_BYTES)) return false;
  return validatePattern(textAt(blob, field), textLen(field));
}
