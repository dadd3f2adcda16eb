// Everything that the environment decides. What is missing stops the start: a shop without its secrets takes no events.
import 'dotenv/config';

function needed(name: string): string {
  const value = process.env[name]?.trim();
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

const number = (name: string, otherwise: number): number => Number(process.env[name] || otherwise);

export const config = {
  host: process.env.HOST || '127.0.0.1',
  port: number('PORT', 3001),
  logLevel: process.env.LOG_LEVEL || 'info',
  frontendUrl: needed('FRONTEND_URL'),
  databaseUrl: needed('DATABASE_URL'),
  stripe: {
    secretKey: needed('STRIPE_SECRET_KEY'),
    publishableKey: needed('STRIPE_PUBLISHABLE_KEY'),
    timeout: number('STRIPE_TIMEOUT_MS', 3000),
    retries: number('STRIPE_RETRIES', 2),
  },
  webhookSecrets: {
    '': needed('STRIPE_WEBHOOK_SECRET'),
    'payment-succeeded': needed('STRIPE_WEBHOOK_SECRET_PAYMENT_SUCCEEDED'),
    'payment-failed': needed('STRIPE_WEBHOOK_SECRET_PAYMENT_FAILED'),
    'invoice-paid': needed('STRIPE_WEBHOOK_SECRET_INVOICE_PAID'),
    'subscription-updated': needed('STRIPE_WEBHOOK_SECRET_SUBSCRIPTION_UPDATED'),
  } as Record<string, string>,
  smtp: { host: process.env.SMTP_HOST || '127.0.0.1', port: number('SMTP_PORT', 2525) },
  mailFrom: process.env.MAIL_FROM || 'shop@example.com',
  alertEmail: process.env.ALERT_EMAIL || 'ops@example.com',
  rate: { max: number('RATE_MAX', 300), windowMs: number('RATE_WINDOW_MS', 1000) },
  bodyLimit: number('BODY_LIMIT', 1024 * 1024),
};
