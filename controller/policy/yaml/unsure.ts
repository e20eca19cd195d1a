/** Why the fast reader gives a document up. */

/**
 * The document is not YAML, or uses a form of it that the fast reader leaves to the library. The message names what stands
 * at `offset` of the file, in UTF-16 units.
 */
export class Unsure extends Error {
  readonly offset: number;

  constructor(what: string, offset: number) {
    super(what);
    this.name = 'Unsure';
    this.offset = offset;
  }
}

/** The document passes a limit, whoever reads it. */
export class OverLimit extends Error {
  readonly offset: number;
  readonly help: string;

  constructor(message: string, help: string, offset: number) {
    super(message);
    this.name = 'OverLimit';
    this.offset = offset;
    this.help = help;
  }
}
