import Stripe from 'stripe';
import { config } from './config.js';

export const stripe = new Stripe(config.stripe.secretKey, {
  timeout: config.stripe.timeout,
  maxNetworkRetries: config.stripe.retries,
  telemetry: false,
  appInfo: { name: 'fastify-shop' },
});

/** Whether the last call reached Stripe, so that the health route needs none of its own. */
export const last = { isReached: true };
stripe.on('response', () => {
  last.isReached = true;
});

export function noteFailure(error: unknown): void {
  if (error instanceof Stripe.errors.StripeConnectionError) last.isReached = false;
}
