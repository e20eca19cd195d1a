/** Mail addresses, keys and tokens, by the oracle of the detectors. */
import { type Atom, isAlnum, sticky } from './detect-atoms.ts';
import type { KindName } from './detect-kernel.ts';

const local = String.raw`[A-Za-z0-9.%+'_\x01\x80-]`;

/** Mail addresses; `from` is where the scan goes on behind a match. */
export function* mailAtoms(text: string, at: number, from: number): Generator<Atom> {
  const run = sticky(`(${local}+)@`, text, at);
  const length = run?.[1]?.length ?? 0;
  if (!run || length > 64) return;
  // It begins with its run, but for dots and quotes, at its last 64 units, or behind a match.
  const isInside = sticky(String.raw`[A-Za-z0-9%+_\x01\x80-]`, text, at - 1) !== undefined;
  const isLead = !"'.".includes(text[at] ?? '');
  if (length !== 64 && (isInside ? at !== from : !isLead)) return;
  const domain = at + run[0].length;
  const rest = text.slice(domain, domain + 190);
  const labels = sticky(
    String.raw`[A-Za-z0-9\x01\x80-]+(\.[A-Za-z0-9\x01\x80-]+)*`,
    rest,
    0,
  )?.[0].split('.');
  let place = domain;
  let end = 0;
  for (const [i, label] of (labels ?? []).entries()) {
    const trimmed = label.replace(/-+$/, '');
    if (label.length > 63 || /^-/.test(label) || place + label.length === domain + 190) break;
    const top = String.raw`([xX][nN]--.+|[A-Za-z\x01\x80]{2,})$`;
    const isTop = sticky(top, trimmed, 0) !== undefined;
    if (i > 0 && isTop) end = place + trimmed.length;
    if (trimmed !== label) break;
    place += label.length + 1;
  }
  if (end > 0) yield { kind: 'Email', start: at, end };
}

/** Keys by their prefix, alphabet and length. */
const keys: [string, string, number, number][] = [
  ['A(?:BIA|CCA|GPA|IDA|IPA|KIA|NPA|NVA|PKA|ROA|SIA)', '[A-Z0-9]', 16, 16],
  ['AIza', '[\\w-]', 35, 35],
  ['AGE-SECRET-KEY-1', '[A-Z0-9]', 58, 58],
  ['NRAK-', '[A-Z0-9]', 27, 27],
  ['PMAK-', '[\\w-]', 59, 59],
  ['dckr_pat_', '[\\w-]', 27, 999],
  ['do[opr]_v1_', '[0-9A-Fa-f]', 64, 64],
  ['gh[oprsu]_', '[A-Za-z0-9]', 36, 999],
  ['github_pat_', '[\\w-]', 40, 999],
  ['gl(?:dt|pat|rt|soat)-', '[\\w-]', 20, 999],
  ['glptt-', '[\\w-]', 40, 999],
  ['glsa_', '[\\w-]', 41, 41],
  ['hf_', '[A-Za-z0-9]', 34, 34],
  ['hv[bs]\\.', '[\\w-]', 24, 999],
  ['lin_api_', '[A-Za-z0-9]', 40, 40],
  ['npm_', '[A-Za-z0-9]', 36, 36],
  ['pypi-', '[\\w-]', 50, 999],
  ['[rs]k_(?:live|test)_', '[A-Za-z0-9]', 16, 999],
  ['rubygems_', '[0-9A-Fa-f]', 48, 48],
  ['sbp_', '[0-9A-Fa-f]', 40, 40],
  ['shp(?:at|ca|pa|ss)_', '[0-9A-Fa-f]', 32, 32],
  ['sk-ant-', '[\\w-]', 20, 999],
  ['sk-(?=[\\w-]{0,31}[A-Z0-9])', '[\\w-]', 32, 999],
  ['sq0atp-', '[\\w-]', 22, 22],
  ['sq0csp-', '[\\w-]', 43, 43],
  ['xapp-', '[\\w-]', 20, 999],
  ['xox[abeprs]-', '[\\w-]', 16, 999],
  ['ya29\\.', '[\\w-]', 20, 999],
];

/** JSON Web Tokens, keys with a prefix, private keys and secrets. */
export function* tokenAtoms(text: string, at: number): Generator<Atom> {
  const before = text[at - 1];
  if (!isAlnum(before)) {
    yield* jwtAtoms(text, at);
    for (const [prefix, unit, least, most] of keys) {
      const found = sticky(`${prefix}${unit}{${least},}`, text, at)?.[0];
      const lead = sticky(prefix, text, at)?.[0] ?? '';
      if (!found || found.length - lead.length > most) continue;
      if (found.length < 256 && isAlnum(text[at + found.length])) continue;
      yield openAtom('ApiKey', text, at, found.length, '[\\w-]*');
    }
    const grid = sticky('SG\\.[\\w-]{22}\\.[\\w-]{43}(?![\\w-])', text, at);
    if (grid) yield { kind: 'ApiKey', start: at, end: at + grid[0].length };
  }
  const pem = '-{5,63}BEGIN (?=[A-Z0-9 ]*PRIVATE KEY)[A-Z0-9 ]{0,47}-----';
  const begin = before === '-' ? undefined : sticky(pem, text, at);
  if (begin) {
    const end = at + begin[0].length;
    const close = sticky('[^]*?-----END[A-Z0-9a-z ]*-----', text, end);
    const grownEnd = close ? end + close[0].length : text.length;
    yield { kind: 'PrivateKey', start: at, end, grownEnd };
  }
  const run = /[\w+/=-]/.test(before ?? ' ') ? undefined : sticky('[\\w+/=-]{20,}', text, at)?.[0];
  if (run && isRandom(run.slice(0, 256))) {
    yield openAtom('Secret', text, at, run.length, '[\\w+/=-]*');
  }
}

/** A find that grows when it is longer than what is looked at. */
function openAtom(kind: KindName, text: string, at: number, length: number, rest: string): Atom {
  if (length < 256) return { kind, start: at, end: at + length };
  const grown = sticky(rest, text, at + 256)?.[0].length ?? 0;
  return { kind, start: at, end: at + 256, grownEnd: at + 256 + grown };
}

function* jwtAtoms(text: string, at: number): Generator<Atom> {
  if (text[at - 1] === '.') return;
  const open = sticky('eyJ[\\w-]*(?:\\.[\\w-]*){0,4}', text, at)?.[0] ?? '';
  const parts = open.split('.');
  const isLong = parts.length > 1 && (parts[0] ?? '').length >= 18;
  const reaches =
    open.length >= 256 &&
    ((parts[0] ?? '').length >= 256 || (isLong && !/^[^.]*\.(?!\.)(?![\w-])/.test(open)));
  if (reaches) {
    yield openAtom('Jwt', text, at, 256, '[\\w=.-]*');
    return;
  }
  const token = sticky(
    'eyJ[\\w-]{15,}\\.(?:[\\w-]+|(?=\\.))\\.[\\w-]*(?:\\.[\\w-]*\\.[\\w-]*)?',
    text,
    at,
  );
  if (token) yield { kind: 'Jwt', start: at, end: at + token[0].length };
}

/** Bits to the character, changes between kinds of character, and three kinds. */
function isRandom(run: string): boolean {
  const counts = new Map<string, number>();
  for (const char of run) counts.set(char, (counts.get(char) ?? 0) + 1);
  let entropy = 0;
  for (const count of counts.values()) {
    entropy -= (count / run.length) * Math.log2(count / run.length);
  }
  const kinds = run
    .replace(/[a-z]/g, 'a')
    .replace(/[A-Z]/g, 'A')
    .replace(/\d/g, '0')
    .replace(/[^aA0]/g, '-');
  const changes = [...kinds].filter((kind, i) => kind !== kinds[i - 1]).length;
  return (
    /a/.test(kinds) &&
    /A/.test(kinds) &&
    /0/.test(kinds) &&
    changes * 5 >= run.length * 2 &&
    entropy >= (run.length < 32 ? 3.5 : 4)
  );
}
