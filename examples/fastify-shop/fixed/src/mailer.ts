// A transactional outbox: mails are rows, written with the change that causes them, and sent until they are sent.
import nodemailer from 'nodemailer';
import { config } from './config.js';
import { db, rows } from './db.js';

export type Run = (sql: string, args?: Record<string, any>) => Promise<number>;

let wake: () => void = () => undefined;
let isStopped = false;
const transport = nodemailer.createTransport({
  host: config.smtp.host,
  port: config.smtp.port,
  ignoreTLS: true,
  name: 'localhost',
  connectionTimeout: 3000,
});

/** Inside the transaction of the change; the same key is queued once. */
export async function queueMail(run: Run, key: string, to: string, subject: string, text: string): Promise<void> {
  await run('INSERT OR IGNORE INTO outbox (key, recipient, subject, body) VALUES (:key, :to, :subject, :text)', {
    key, to, subject, text,
  });
}

export const mailsQueued = (): void => wake();

export async function sendMails(): Promise<void> {
  while (!isStopped) {
    const woken = new Promise<void>((resolve) => { wake = resolve; });
    let pause = 0;
    try {
      const waiting = await rows('SELECT * FROM outbox WHERE sent = 0 ORDER BY rowid LIMIT 50');
      for (const mail of waiting) {
        await transport.sendMail({ from: config.mailFrom, to: mail.recipient, subject: mail.subject, text: mail.body });
        await db.execute({ sql: 'UPDATE outbox SET sent = 1 WHERE key = :key', args: { key: mail.key } });
      }
      if (waiting.length) continue;
    } catch {
      pause = 500;
    }
    await (pause ? new Promise((resolve) => setTimeout(resolve, pause)) : woken);
  }
}

export function stopMails(): void {
  isStopped = true;
  wake();
  transport.close();
}
