import { createClient } from '@libsql/client';

export const db = createClient({ url: process.env.DATABASE_URL ?? 'file:./shop.db' });

export async function migrate(): Promise<void> {
  await db.execute(
    `CREATE TABLE IF NOT EXISTS orders (
       id TEXT PRIMARY KEY, status TEXT NOT NULL DEFAULT 'pending', amount INTEGER, currency TEXT,
       email TEXT, payment_intent_id TEXT, created_at TEXT DEFAULT CURRENT_TIMESTAMP)`,
  );
}
