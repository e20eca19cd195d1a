/** Addresses of networks and telephone numbers, by the oracle of the detectors. */
import { type Atom, isAlnum, sticky } from './detect-atoms.ts';
import { digitNumbers } from './detect-checks.ts';
import type { KindName } from './detect-kernel.ts';

const ipv4 = String.raw`(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?![A-Za-z0-9])(?!\.\d)`;
const full = `(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}(?!::)|(?:[0-9A-Fa-f]{1,4}:){6}${ipv4}`;
const hexGroups = '[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4})*';
const short = `(?:${hexGroups})?::(?:(?:[0-9A-Fa-f]{1,4}:)*${ipv4}|${hexGroups}(?!::)|)`;

function ipv6End(text: string, at: number): number | undefined {
  for (const form of [full, short]) {
    const found = sticky(`(?:${form})(?![A-Za-z0-9]|:[0-9A-Fa-f])`, text, at)?.[0];
    if (!found) continue;
    const v4 = /\./.test(found) ? 1 : 0;
    const groups = found.split(/:+/).filter((group) => group !== '').length + v4;
    if (form === full) return at + found.length;
    if (groups === 0 || groups > 7 || (groups === 1 && /^..?:/.test(found) && found[0] !== ':')) {
      continue;
    }
    if (/\d/.test(found) || groups > 2) return at + found.length;
  }
  return undefined;
}

function macEnd(text: string, at: number): number | undefined {
  const pairs = sticky(
    String.raw`[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![A-Za-z0-9])(?!\1[0-9A-Fa-f])`,
    text,
    at,
  );
  const fours = sticky(
    String.raw`[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?![A-Za-z0-9])(?!\.[0-9A-Fa-f])`,
    text,
    at,
  );
  const found = (pairs ?? fours)?.[0];
  return found && /\d/.test(found) ? at + found.length : undefined;
}

/** IPv4, IPv6 and EUI-48. */
export function* networkAtoms(text: string, at: number): Generator<Atom> {
  const before = text[at - 1];
  const isWord = isAlnum(text[at]) && !isAlnum(before);
  const v4 = sticky(ipv4, text, at);
  if (v4 && isWord && before !== '.') yield { kind: 'Ipv4', start: at, end: at + v4[0].length };
  const isColons = text.startsWith('::', at) && !isAlnum(before) && before !== ':';
  const v6 = (isWord && before !== ':') || isColons ? ipv6End(text, at) : undefined;
  if (v6) yield { kind: 'Ipv6', start: at, end: v6 };
  const mac = isWord && !':-.'.includes(before ?? ' ') ? macEnd(text, at) : undefined;
  if (mac) yield { kind: 'Mac', start: at, end: mac };
  const label = sticky('([A-Za-z0-9]{0,16}):(?=[0-9A-Fa-f])', text, at);
  if (!label || isAlnum(before) || /^[0-9A-Fa-f]{1,4}$/.test(label[1] ?? '')) return;
  if (label[1] === '' && before === ':') return;
  const start = at + label[0].length;
  const waiting: [KindName, number | undefined][] = [
    ['Ipv6', ipv6End(text, start)],
    ['Mac', macEnd(text, start)],
  ];
  for (const [kind, end] of waiting) if (end) yield { kind, start, end, anchor: at };
}

const codes = new RegExp(
  '^(1|7|20|27|3[0-469]|39|4[0134-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|21[12368]|22.|23.|24.|25[0-8]|26.|29[01789]|' +
    '35.|37.|38.|42[013]|50.|59.|67[02-9]|68[0-35-9]|69[012]|800|808|850|85[2356]|870|878|88[0-368]|96[0-8]|' +
    '97[0-79]|99[2-68])',
);

function phoneEnd(
  text: string,
  at: number,
  least: number,
  most: number,
): { end: number; lengths: number[]; digits: string } | undefined {
  let digits = '';
  let end = 0;
  const lengths: number[] = [];
  for (let place = at; ; ) {
    const group = sticky(String.raw`\d+`, text, place)?.[0];
    if (!group || (digits + group).length > most) break;
    digits += group;
    lengths.push(group.length);
    place += group.length;
    if (digits.length >= least) end = place;
    const gap = sticky(String.raw`[ ()./\x01-]*(?=\d)`, text, place)?.[0];
    if (!gap || gap.replaceAll('\x01', '').length > 2 || gap.split('\x01').length > 4) break;
    place += gap.length;
  }
  return end > 0 ? { end, lengths, digits } : undefined;
}

/** Telephone numbers, and social security numbers behind a word. */
export function* phoneAtoms(text: string, at: number): Generator<Atom> {
  const plus = sticky(String.raw`\+[ ()./-]{0,3}(?=\d)`, text, at);
  if (plus && !/[A-Za-z0-9+]/.test(text[at - 1] ?? ' ')) {
    const start = at + plus[0].length;
    const isNanp = text[start] === '1';
    const found = phoneEnd(text, start, isNanp ? 11 : 8, isNanp ? 11 : 15);
    if (found && codes.test(text.slice(start).replace(/[^\d]/g, '').slice(0, 3))) {
      yield { kind: 'Phone', start: at, end: found.end };
    }
  }
  if (isAlnum(text[at - 1])) return;
  const word = sticky(
    String.raw`(?:([cC][aA][lL][lL]|[cC][eE][lL][lL]|[cC][eE][lL][uU][lL][aA][rR]|[cC][eE][lL][lL][pP][hH][oO][nN][eE]|[fF][aA][xX]|[hH][aA][nN][dD][yY]|[mM][oO][bB][iI][lL][eE]?|[mM]\x80[vV][iI][lL]|[pP][hH][oO][nN][eE][sS]?|[tT][eE][lL]|[tT]\x80[lL]|[tT]\x80[lL]\x80[pP][hH][oO][nN][eE]|[tT][eE][lL][eE][pP][hH][oO][nN][eE]|[tT][eE][lL][eE][fF][oO][nN][oOeE]?|[tT][eE][lL]\x80[fF][oO][nN][oO]|[tT][eE][lL][eE][fF][aA][xX]|[wW][hH][aA][tT][sS][aA][pP][pP])|([sS][sS][nN]|[sS][oO][cC][iI][aA][lL]))(?:(?<=[a-z])(?=[A-Z])|(?![A-Za-z]))`,
    text,
    at,
  );
  if (!word) return;
  const gap = sticky(String.raw`[^\d]{0,24}(?=\d)`, text, at + word[0].length);
  if (!gap) return;
  const start = at + word[0].length + gap[0].length;
  const visible = sticky(String.raw`[^]*[^\x01]|`, gap[0], 0)?.[0] ?? '';
  const last = visible === '' ? gap[0][0] : visible.at(-1);
  if (isAlnum(last)) return;
  if (word[2] !== undefined) {
    const nine = sticky(String.raw`(?:\d\x01{0,3}){8}\d(?![A-Za-z0-9])`, text, start);
    const digits = nine?.[0].replaceAll('\x01', '') ?? '';
    if (nine && digitNumbers.Ssn.isValid(digits)) {
      yield { kind: 'Ssn', start, end: start + nine[0].length, anchor: at };
    }
    return;
  }
  const found = phoneEnd(text, start, 7, 15);
  if (!found || ['4,2,2', '2,2,4'].includes(found.lengths.slice(0, 3).join(','))) return;
  const bracket = last === '(' ? at + word[0].length + visible.length - 1 : start;
  yield { kind: 'Phone', start: bracket, end: found.end, anchor: at };
}
