/** Which texts the parts of a request can be at all: what no request can say needs no answer. */

/** A machine over characters; -1 is the state from which no text goes on. States are less than GRAMMAR_STATES_MAX. */
export interface Grammar {
  readonly start: number;
  step(state: number, char: string): number;
  /** Whether the text may end here. */
  accepts(state: number): boolean;
  /**
   * Groups of characters that lead on alike, also past slashes and digits in shapes. From each group that shapes do not
   * name completely one more character is tried: the first one that they do not name.
   */
  groups(state: number): readonly string[];
  /** Most characters of a text. */
  readonly lengthMax: number;
  /** A character that may stand in a text at most `levelsMax` times. */
  readonly levelChar?: string;
  readonly levelsMax?: number;
}

/** More than the states of every grammar here. */
export const GRAMMAR_STATES_MAX = 1 << 16;

const lower = 'xabcdefghijklmnopqrstuvwyz';
const upper = lower.toUpperCase();
const digits = '0123456789';
const segmentChars = `${lower}${upper}${digits}_-`;

/** `[A-Za-z0-9._-]{1,63}`, but neither `.` nor `..`: environments, teams and services (SPIFFE-ID, section 2.2). */
export const identitySegment: Grammar = {
  start: 0,
  // 0: nothing yet, 1: `.`, 2: `..`, 3: more
  step: (state, char) => {
    if (char === '.') return state < 2 ? state + 1 : 3;
    return segmentChars.includes(char) ? 3 : -1;
  },
  accepts: (state) => state === 3,
  groups: () => ['.', segmentChars],
  lengthMax: 63,
};

/** `[a-z0-9._-]{1,255}`: trust domains (SPIFFE-ID, section 2.1). */
export const trustDomain = textOf(`${lower}${digits}._-`, 255);
/** Values of labels: what a certificate's subject can hold without escapes. */
export const labelValue = textOf(`${segmentChars}.`, 1024);
/** Methods: tokens (RFC 9110, section 5.6.2). */
export const methodToken = textOf(`${upper}${lower}${digits}!#$%&'*+-.^_\`|~`, Number.MAX_VALUE);

/** Authorities in lower case, as Envoy and nghttp2 let them through. Digits stand apart for ports. */
export const authority: Grammar = {
  ...textOf(`${lower}${digits}!$%&'()*+,-.:;=@[]_~`, Number.MAX_VALUE),
  groups: () => [`${lower}-_~!$%&'()*+,.:;=@[]`, digits],
};

/**
 * Authorities that name a host in one way: plain labels with a trailing dot or without, or an address in brackets, and a
 * port or none. Where rules read the host, requests with others are denied before any rule.
 */
export const hostAuthority: Grammar = {
  start: 0,
  // 0: nothing yet, 1: in a label, 2: behind a dot, 3: behind `[`, 4: in an address, 5: behind `]`, 6 to 11: colon, digits
  step: (state, char) => {
    const isLabel = `${lower}${digits}-_`.includes(char);
    if (state === 0 && char === '[') return 3;
    if (state <= 2 && isLabel) return 1;
    if (state === 1 && char === '.') return 2;
    if ((state === 1 || state === 2 || state === 5) && char === ':') return 6;
    if ((state === 3 || state === 4) && 'abcdef0123456789:.'.includes(char)) return 4;
    if (state === 4 && char === ']') return 5;
    return state >= 6 && state < 11 && digits.includes(char) ? state + 1 : -1;
  },
  accepts: (state) => state === 1 || state === 2 || state === 5 || state > 6,
  groups: () => [`${lower}-_`, digits, '.', ':', '[', ']'],
  lengthMax: 255,
};

/** A header line without blanks around it; what shapes name may be any character that HTTP allows. */
export const headerLine: Grammar = {
  start: 0,
  // 0: nothing yet, 1: the last character is no blank, 2: it is one
  step: (state, char) => {
    if (char === ' ' || char === '\t') return state === 0 ? -1 : 2;
    return char > ' ' && char !== '\x7f' ? 1 : -1;
  },
  accepts: (state) => state !== 2,
  groups: () => [visible],
  lengthMax: Number.MAX_VALUE,
};

/** An element of a header's list: a line without a comma. */
export const headerElement: Grammar = {
  ...headerLine,
  step: (state, char) => (char === ',' ? -1 : headerLine.step(state, char)),
  groups: () => [visible.replace(',', '')],
};

/** A decoded query parameter: any text. */
export const parameterValue: Grammar = {
  start: 0,
  step: () => 0,
  accepts: () => true,
  groups: () => [visible],
  lengthMax: Number.MAX_VALUE,
};

/** A UUID in lower case; the state is the number of characters. */
export const uuid: Grammar = {
  start: 0,
  step: (state, char) => {
    const wanted = isHyphenPlace(state) ? '-' : `${digits}abcdef`;
    return state < 36 && wanted.includes(char) ? state + 1 : -1;
  },
  accepts: (state) => state === 36,
  groups: (state) => [isHyphenPlace(state) ? '-' : `${digits}abcdef`],
  lengthMax: 36,
};

function isHyphenPlace(index: number): boolean {
  return index === 8 || index === 13 || index === 18 || index === 23;
}

function textOf(alphabet: string, lengthMax: number): Grammar {
  return {
    start: 0,
    step: (_, char) => (alphabet.includes(char) ? 1 : -1),
    accepts: (state) => state === 1,
    groups: () => [alphabet],
    lengthMax,
  };
}

const visible = `${lower}${upper}${digits}-._~!#$%&'*+^\`|"(),/:;<=>?@[\\]{}`;
