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
}
