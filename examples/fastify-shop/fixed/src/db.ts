// One SQLite file. Writes go through one queue, so that a transaction never meets another of this process.
import { createClient, type Client, type InArgs, type Transaction } from '@libsql/client';
import { config } from './config.js';

export type Row = Record<string, any>;
export const db: Client = createClient({ url: config.databaseUrl });

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS orders (
     id TEXT PRIMARY KEY, item TEXT, quantity INTEGER, amount INTEGER, currency TEXT, email TEXT,
     status TEXT DEFAULT 'open', fulfilled INTEGER DEFAULT 0, refunded INTEGER DEFAULT 0,
     intent TEXT UNIQUE, attempt INTEGER DEFAULT 0)`,
  'CREATE TABLE IF NOT EXISTS customers (email TEXT PRIMARY KEY, name TEXT, customer TEXT)',
  'CREATE TABLE IF NOT EXISTS handled_events (id TEXT PRIMARY KEY, type TEXT)',
  'CREATE TABLE IF NOT EXISTS billing (event TEXT PRIMARY KEY, type TEXT, object TEXT)',
  'CREATE TABLE IF NOT EXISTS outbox (key TEXT PRIMARY KEY, recipient TEXT, subject TEXT, body TEXT, sent INTEGER DEFAULT 0)',
];

export async function migrate(): Promise<void> {
  await db.execute('PRAGMA journal_mode = WAL');
  await db.batch(SCHEMA, 'write');
}

export async function rows(sql: string, args: InArgs = {}): Promise<Row[]> {
  return (await db.execute({ sql, args })).rows as unknown as Row[];
}

export async function row(sql: string, args: InArgs = {}): Promise<Row | undefined> {
  return (await rows(sql, args))[0];
}

let last: Promise<unknown> = Promise.resolve();

/** All of it or nothing. Returns what `work` returns. */
export function inTransaction<T>(work: (run: (sql: string, args?: InArgs) => Promise<number>) => Promise<T>): Promise<T> {
  const mine = last.then(async () => {
    const transaction: Transaction = await db.transaction('write').catch(async (error: unknown) => {
      await db.reconnect(); // a BEGIN that met a lock is left open, and would keep every later COMMIT from success
      throw error;
    });
    try {
      const result = await work(async (sql, args = {}) => (await transaction.execute({ sql, args })).rowsAffected);
      await transaction.commit();
      return result;
    } finally {
      transaction.close();
    }
  });
  last = mine.catch(() => undefined);
  return mine;
}
