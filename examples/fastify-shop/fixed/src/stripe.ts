import Stripe from 'stripe';
import { config } from './config.js';

export const stripe = new Stripe(config.stripe.secretKey, {
  timeout: config.stripe.timeout,
  maxNetworkRetries: config.stripe.retries,
  telemetry: false,
  appInfo: { name: 'fastify-shop' },
});
