/** What parsers of single texts (paths, hosts, conditions) answer instead of a value. */

/** Why a text is refused. `offset` is where in the text, in UTF-16 units; `also` are further problems of the same text. */
export class Problem {
  readonly message: string;
  readonly help: string;
  readonly offset: number;
  readonly also: readonly Problem[];

  constructor(message: string, help: string, offset = 0, also: readonly Problem[] = []) {
    this.message = message;
    this.help = help;
    this.offset = offset;
    this.also = also;
  }

  /** The same problem of a text that stands `offset` units further inside another one. */
  movedBy(offset: number): Problem {
    const also = this.also.map((problem) => problem.movedBy(offset));
    return new Problem(this.message, this.help, this.offset + offset, also);
  }
}

/** A text from outside in backticks, on one line: cut after 60 units, what cannot be seen is written as an escape. */
export function quoted(text: string): string {
  const cut = text.length > SHOWN_UNITS_MAX ? `${text.slice(0, SHOWN_UNITS_MAX - 3)}...` : text;
  return `\`${cut.replaceAll(invisible, escapeUnit)}\``;
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const SHOWN_UNITS_MAX = 60;
// Controls, marks of direction and joining that hide in a text, and halves of characters.
const invisible =
  /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|(?<![\ud800-\udbff])[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])/gu;
