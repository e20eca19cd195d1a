/**
 * Keys and tokens that their issuers gave a prefix. A rule is its prefix, the alphabet of what
 * follows, and how much of it there is:
 *
 *   a letters and digits   b base64url   d base64url with a digit or capital   h hex   u capitals and digits
 *
 * A rule without an upper length goes on as long as its alphabet does.
 */
import { text as literal } from '../memory/text';
import { LOOKAHEAD_MAX, NOTHING, UNDECIDED } from './answers';
import { RunSlot, endOfRun } from './token-run';
import { Unit, isAlnum, isDigit, unitAt, unitClass } from './units';

/** `prefix alphabet least most,` ordered by the first letter. */
const RULES = literal(
  'ABIA u 16 16,ACCA u 16 16,AGPA u 16 16,AIDA u 16 16,AIPA u 16 16,AKIA u 16 16,ANPA u 16 16,ANVA u 16 16,' +
    'APKA u 16 16,AROA u 16 16,ASIA u 16 16,AIza b 35 35,AGE-SECRET-KEY-1 u 58 58,' +
    'NRAK- u 27 27,PMAK- b 59 59,SG. b 22 22,' +
    'dckr_pat_ b 27 0,doo_v1_ h 64 64,dop_v1_ h 64 64,dor_v1_ h 64 64,' +
    'gho_ a 36 0,ghp_ a 36 0,ghr_ a 36 0,ghs_ a 36 0,ghu_ a 36 0,github_pat_ b 40 0,' +
    'gldt- b 20 0,glpat- b 20 0,glptt- b 40 0,glrt- b 20 0,glsa_ b 41 41,glsoat- b 20 0,' +
    'hf_ a 34 34,hvb. b 24 0,hvs. b 24 0,lin_api_ a 40 40,npm_ a 36 36,pypi- b 50 0,' +
    'rk_live_ a 16 0,rk_test_ a 16 0,rubygems_ h 48 48,' +
    'sbp_ h 40 40,shpat_ h 32 32,shpca_ h 32 32,shppa_ h 32 32,shpss_ h 32 32,' +
    'sk_live_ a 16 0,sk_test_ a 16 0,sk-ant- b 20 0,sk- d 32 0,sq0atp- b 22 22,sq0csp- b 43 43,' +
    'xapp- b 20 0,xoxa- b 16 0,xoxb- b 16 0,xoxe- b 16 0,xoxp- b 16 0,xoxr- b 16 0,xoxs- b 16 0,' +
    'ya29. b 20 0,',
);
/**
 * Bytes of a rule: offset in RULES u16, bytes of the prefix u8, alphabet u8, least u8, most u8, and
 * two unused.
 */
const RULE_BYTES: usize = 8;
const RULE_COUNT: u32 = 64;
/** The rules, then u8[128][2] by first letter: from which rule to which. */
const FIRST: usize = memory.data(256, 8);
const TABLE: usize = buildTable(memory.data(512, 8));

/** Units in which `d` looks for a digit or capital. */
const SAMPLE: u32 = 32;
const SG_TAIL: u32 = 43;

/** Set by `apiKeyAt`: the key may go on behind its end. */
export let isKeyOpen: bool = false;

/** The end of the key that begins at `pos`, or LOOKAHEAD_MAX units behind it. */
export function apiKeyAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  const first = FIRST + ((<usize>(load<u8>(text + <usize>pos) & 0x7f)) << 1);
  const end = <u32>load<u8>(first, 1);
  for (let i = <u32>load<u8>(first); i < end; i++) {
    const rule = TABLE + <usize>i * RULE_BYTES;
    if (!hasPrefix(rule, text, pos, len)) continue;
    const answer = readBody(rule, text, pos, len, isEnd);
    if (answer != NOTHING) return answer;
  }
  return NOTHING;
}

// @ts-ignore: decorator
@inline
function hasPrefix(rule: usize, text: usize, pos: u32, len: u32): bool {
  const prefix = RULES.ptr + <usize>load<u16>(rule);
  const prefixLen = <u32>load<u8>(rule, 2);
  let i: u32 = 1;
  while (i < prefixLen && load<u8>(prefix + <usize>i) == unitAt(text, pos + i, len)) i++;
  return i == prefixLen;
}

function readBody(rule: usize, text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  isKeyOpen = false;
  const alphabet = load<u8>(rule, 3);
  const body = pos + <u32>load<u8>(rule, 2);
  const limit = pos + LOOKAHEAD_MAX;
  const end = endOfBody(alphabet, text, body, len, limit);
  if (end == len && end < limit && !isEnd) return UNDECIDED;
  const most = <u32>load<u8>(rule, 5);
  if (end - body < <u32>load<u8>(rule, 4) || (most != 0 && end - body > most)) return NOTHING;
  if (alphabet == 0x64 /* d */ && !isMixed(text, body)) return NOTHING;
  if (load<u8>(text + <usize>(body - 1)) == 0x2e && most == 22) {
    return sendGridEnd(text, end, len, isEnd);
  }
  if (end < limit) return isAlnum(unitAt(text, end, len)) ? NOTHING : end;
  isKeyOpen = true;
  return limit;
}

function endOfBody(alphabet: u8, text: usize, body: u32, len: u32, limit: u32): u32 {
  if (alphabet == 0x62 /* b */ || alphabet == 0x64 /* d */) {
    return body < len ? endOfRun(RunSlot.Key, text, body, len, Unit.Base64Url) : body;
  }
  const bit: u32 = alphabet == 0x68 /* h */ ? Unit.Hex : Unit.Alnum;
  let p = body;
  for (const most = min(len, limit); p < most; p++) {
    const unit = load<u8>(text + <usize>p);
    if ((unitClass(unit) & bit) == 0 || (alphabet == 0x75 /* u */ && unit >= 0x61)) break;
  }
  return p;
}

function isMixed(text: usize, body: u32): bool {
  for (let p = body; p < body + SAMPLE; p++) {
    const unit = load<u8>(text + <usize>p);
    if (isDigit(unit) || <u32>unit - 0x41 < 26) return true;
  }
  return false;
}

/** The second part of a key of SendGrid. */
function sendGridEnd(text: usize, dot: u32, len: u32, isEnd: bool): u32 {
  if (unitAt(text, dot, len) != 0x2e) return NOTHING;
  const most = min(len, dot + SG_TAIL + 2);
  let p = dot + 1;
  while (p < most && (unitClass(load<u8>(text + <usize>p)) & Unit.Base64Url) != 0) p++;
  if (p == len && p - dot <= SG_TAIL && !isEnd) return UNDECIDED;
  return p - dot == SG_TAIL + 1 ? p : NOTHING;
}

/** Reads RULES; a rule that is not as described makes the start of the module trap. */
function buildTable(table: usize): usize {
  let count: u32 = 0;
  for (let at: u32 = 0; at < RULES.len; count++) {
    const rule = table + <usize>count * RULE_BYTES;
    const start = at;
    while (ruleUnit(at) != 0x20) at++;
    store<u16>(rule, <u16>start);
    store<u8>(rule, <u8>(at - start), 2);
    store<u8>(rule, ruleUnit(at + 1), 3);
    at += 3;
    for (let field: usize = 4; field < 6; field++) {
      let value: u32 = 0;
      for (; isDigit(ruleUnit(at)); at++) value = value * 10 + ruleUnit(at) - 0x30;
      store<u8>(rule + field, <u8>value);
      at++;
    }
    const first = FIRST + ((<usize>ruleUnit(start)) << 1);
    if (load<u8>(first, 1) == 0) store<u8>(first, <u8>count);
    store<u8>(first, <u8>(count + 1), 1);
  }
  if (count > RULE_COUNT) unreachable();
  return table;
}

// @ts-ignore: decorator
@inline
function ruleUnit(at: u32): u8 {
  return load<u8>(RULES.ptr + <usize>at);
}
