/** Opening, migrating and writing one database file. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Database } from './database.ts';

const first = 'CREATE TABLE a (x INTEGER) STRICT;';
const second = 'CREATE TABLE b (x INTEGER) STRICT; INSERT INTO b SELECT x * 2 FROM a;';
let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dta-db-'));
  path = join(dir, 'store.db');
});

afterEach(() => rmSync(dir, { recursive: true }));

function withDatabase<T>(migrations: string[] | undefined, work: (db: Database) => T): T {
  const db = new Database(path, migrations);
  try {
    return work(db);
  } finally {
    db.close();
  }
}

describe('Database', () => {
  it('is private, durable and checks foreign keys', () => {
    withDatabase(undefined, (db) => {
      expect(db.row('PRAGMA journal_mode')?.journal_mode).toBe('wal');
      expect(db.row('PRAGMA synchronous')?.synchronous).toBe(2);
      expect(db.row('PRAGMA foreign_keys')?.foreign_keys).toBe(1);
      for (const file of [path, `${path}-wal`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    });
  });

  it('runs each migration once, in order, and keeps the data', () => {
    withDatabase([first], (db) => db.run('INSERT INTO a VALUES (21)'));
    for (let start = 0; start < 2; start++) {
      withDatabase([first, second], (db) => {
        expect(db.rows('SELECT x FROM b')).toEqual([{ x: 42 }]);
        expect(db.row('PRAGMA user_version')?.user_version).toBe(2);
      });
    }
  });

  it('refuses a schema of a newer program and leaves it alone', () => {
    withDatabase([first, second], () => {});
    expect(() => new Database(path, [first])).toThrow('has schema 2, newer than 1');
    withDatabase([first, second], (db) => expect(db.rows('SELECT * FROM b')).toEqual([]));
  });

  it('takes a failed migration back as a whole', () => {
    withDatabase([first], () => {});
    const broken = 'CREATE TABLE c (x INTEGER) STRICT; SELECT nonsense;';
    expect(() => new Database(path, [first, second, broken])).toThrow('cannot open database');
    withDatabase([first], (db) => {
      expect(db.row('PRAGMA user_version')?.user_version).toBe(1);
      expect(db.rows("SELECT name FROM sqlite_schema WHERE name IN ('b', 'c')")).toEqual([]);
    });
  });

  it('names what it cannot open', () => {
    writeFileSync(path, 'this is no database, and long enough to be taken for one\n'.repeat(100));
    for (const bad of [path, join(dir, 'missing', 'store.db')]) {
      expect(() => new Database(bad)).toThrow(`cannot open database \`${bad}\``);
    }
  });

  it('takes a transaction back when it throws', () => {
    withDatabase([first], (db) => {
      const attempt = () =>
        db.transaction(() => {
          db.run('INSERT INTO a VALUES (1)');
          throw new Error('no');
        });
      expect(attempt).toThrow('no');
      expect(db.rows('SELECT * FROM a')).toEqual([]);
      expect(db.transaction(() => db.run('INSERT INTO a VALUES (1)'))).toBe(1);
    });
  });
});
