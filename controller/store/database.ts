/**
 * One SQLite file: opened durable and private, brought to the newest schema, written in
 * transactions.
 */
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';

import { DtaError } from '../errors.ts';
import { identitySchema } from './migrations/0001-identity.ts';
import { auditSchema } from './migrations/0002-audit.ts';
import { publicationsSchema } from './migrations/0003-publications.ts';
import { liveValuesSchema } from './migrations/0004-live-values.ts';
import { shadowDiffersSchema } from './migrations/0005-shadow-differs.ts';
import { privacySchema } from './migrations/0006-privacy.ts';

import { bodyOutcomesSchema } from './migrations/0007-body-outcomes.ts';
import { issuersSchema } from './migrations/0010-issuers.ts';

import { serviceIdentitySchema } from './migrations/0015-service-identity.ts';
import { federationSchema } from './migrations/0020-federation.ts';

/** Values that a statement takes. */
export type SqlValue = null | number | bigint | string;

/** A row as SQLite gives it: integers beyond 2^53 need `bigints`. */
export type Row = Record<string, SQLOutputValue>;

/**
 * An open database. Everything is synchronous, so what one call does is never interleaved with
 * another.
 */
export class Database {
  readonly #sqlite: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * Opens the file, or makes it with mode 0600, and migrates it. Fails with `setup` if it cannot be
   * opened, is no database, or was written by a newer version of the program. `migrations` is there
   * for tests.
   */
  constructor(path: string, migrations: readonly string[] = allMigrations) {
    this.#sqlite = openPrivate(path);
    try {
      this.#sqlite.exec(pragmas);
      this.#migrate(path, migrations);
    } catch (error) {
      this.#sqlite.close();
      throw asSetupError(path, error);
    }
  }

  /** Runs a statement and gives the number of rows that it changed. */
  run(sql: string, ...values: SqlValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  /** The first row. */
  row(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  /** All rows. */
  rows(sql: string, ...values: SqlValue[]): Row[] {
    return this.#statement(sql).all(...values);
  }

  /** All rows, with every integer as a bigint. */
  bigRows(sql: string, ...values: SqlValue[]): Row[] {
    const statement = this.#statement(`${sql} -- bigints`);
    statement.setReadBigInts(true);
    return statement.all(...values);
  }

  /** Everything in `work` or nothing of it; on the disk when this returns. Not to be nested. */
  transaction<T>(work: () => T): T {
    // IMMEDIATE takes the write lock first, so that what is read here cannot have changed when it
    // is written.
    this.#sqlite.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#sqlite.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#sqlite.isTransaction) this.#sqlite.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#sqlite.close();
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#sqlite.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #migrate(path: string, migrations: readonly string[]): void {
    this.transaction(() => {
      const version = Number(this.#sqlite.prepare('PRAGMA user_version').get()?.user_version);
      if (version > migrations.length) {
        throw new DtaError(
          'setup',
          `\`${path}\` has schema ${version}, newer than ${migrations.length}`,
          {
            help: 'run the newer version of the program that wrote it',
          },
        );
      }
      for (const migration of migrations.slice(version)) this.#sqlite.exec(migration);
      this.#sqlite.exec(`PRAGMA user_version = ${migrations.length}`);
    });
  }
}

function openPrivate(path: string): DatabaseSync {
  try {
    if (path !== ':memory:') {
      // SQLite gives its journal files the mode of the database. Closing a file that is open elsewhere
      // in this process would end SQLite's locks on it.
      if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
      chmodSync(path, 0o600);
    }
    return new DatabaseSync(path);
  } catch (error) {
    throw asSetupError(path, error);
  }
}

function asSetupError(path: string, error: unknown): DtaError {
  if (error instanceof DtaError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new DtaError('setup', `cannot open database \`${path}\`: ${why}`, {
    cause: error,
    help: 'check that the path is writable and the file is the database of this program',
  });
}

// FULL: a commit has reached the disk when it returns, as answers about tokens and revocations
// promise.
const pragmas = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA busy_timeout = 5000;
`;

/** By number: a database that was written must see the same ones again, so only ever append. */
const allMigrations: readonly string[] = [
  identitySchema,
  auditSchema,
  publicationsSchema,
  liveValuesSchema,
  shadowDiffersSchema,
  privacySchema,
  bodyOutcomesSchema,
  issuersSchema,
  serviceIdentitySchema,
  federationSchema,
];
