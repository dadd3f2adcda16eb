// The routes, and what every answer has in common.
import { randomUUID } from 'node:crypto';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyInstance } from 'fastify';
import Stripe from 'stripe';
import { config } from './config.js';
import { inTransaction } from './db.js';
import { createPayment, customerFor, Refusal, retryPayment, shownOrder } from './orders.js';
import { checkoutPage, SCRIPT } from './page.js';
import { PRODUCTS } from './products.js';
import { last, noteFailure } from './stripe.js';
import { receive, SUB_ROUTES } from './webhooks.js';

const ORIGINS = ["'self'", 'https://js.stripe.com', 'https://*.js.stripe.com'];

export async function build(): Promise<FastifyInstance> {
  const app = Fastify({ logger: { level: config.logLevel }, bodyLimit: config.bodyLimit, genReqId: () => randomUUID() });
  app.addHook('onRequest', async (request, reply) => void reply.header('X-Request-Id', request.id));
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ORIGINS,
        connectSrc: ["'self'", 'https://api.stripe.com'],
        frameSrc: ['https://js.stripe.com', 'https://*.js.stripe.com', 'https://hooks.stripe.com'],
        imgSrc: ["'self'", 'https://*.stripe.com'],
        styleSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    crossOriginOpenerPolicy: { policy: 'same-origin-allow-popups' },
    crossOriginResourcePolicy: { policy: 'same-site' },
    referrerPolicy: { policy: 'strict-origin-when-cross-origin' },
    frameguard: { action: 'deny' },
  });
  await app.register(cors, { origin: config.frontendUrl, methods: ['GET', 'POST'], allowedHeaders: ['Content-Type'] });
  await app.register(rateLimit, { global: false, max: config.rate.max, timeWindow: config.rate.windowMs });

  app.setErrorHandler((error: any, request, reply) => {
    let refusal: Refusal;
    if (error instanceof Refusal) {
      refusal = error;
    } else if (error instanceof Stripe.errors.StripeError) {
      noteFailure(error);
      request.log.error({ error: error.type, stripe_request: error.requestId, stack: error.stack }, 'stripe failed');
      void reply.header('Retry-After', '5');
      refusal = new Refusal(503, 'payments_unavailable', 'Payments are not possible now. Try again soon.');
    } else if (error.statusCode && error.statusCode < 500) {
      refusal = new Refusal(error.statusCode, error.statusCode === 429 ? 'too_many_requests' : 'bad_request', 'The request is not valid.');
    } else {
      request.log.error({ error: error.name, stack: error.stack }, 'unexpected error');
      refusal = new Refusal(500, 'internal', 'Something went wrong on our side.');
    }
    void reply.status(refusal.status).send({ error: { code: refusal.code, message: refusal.message, requestId: request.id } });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.status(404).send({ error: { code: 'not_found', message: 'There is nothing here.', requestId: request.id } }),
  );

  app.get('/api/health', async (_request, reply) => {
    const reached = last.isReached ? 'ok' : 'unreachable';
    try {
      await inTransaction((run) => run("DELETE FROM handled_events WHERE id = ''")); // nothing, but all that a write needs
    } catch {
      return reply.status(503).send({ status: 'failing', database: 'unreachable', stripe: reached });
    }
    return { status: 'ok', database: 'ok', stripe: reached };
  });
  app.get('/api/products', async () => ({ products: PRODUCTS }));
  const limited = { config: { rateLimit: {} } };
  app.post('/api/create-payment-intent', limited, async (request, reply) => {
    void reply.header('Cache-Control', 'no-store');
    return createPayment(request.body);
  });
  app.post('/api/customers', limited, async (request) => customerFor(request.body));
  app.get<{ Params: { order: string } }>('/api/orders/:order', async (request, reply) => {
    void reply.header('Cache-Control', 'no-store');
    return shownOrder(request.params.order);
  });
  app.post<{ Params: { order: string } }>('/api/orders/:order/retry', limited, async (request, reply) => {
    void reply.header('Cache-Control', 'no-store');
    return retryPayment(request.params.order);
  });
  app.get<{ Querystring: { order?: string } }>('/checkout', async (request, reply) => {
    void reply.type('text/html; charset=utf-8').header('Cache-Control', 'no-store');
    void reply.header('Permissions-Policy', 'camera=(), microphone=(), geolocation=()');
    return checkoutPage(String(request.query.order ?? '').slice(0, 80), config.stripe.publishableKey);
  });
  app.get('/static/checkout.js', async (_request, reply) => reply.type('text/javascript').send(SCRIPT));

  await app.register(async (hooks) => {
    hooks.removeAllContentTypeParsers();
    hooks.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    hooks.get('/api/webhooks/health', async () => ({ status: 'ok', endpoints: ['', ...SUB_ROUTES] }));
    for (const route of ['', ...SUB_ROUTES]) {
      hooks.post(`/api/webhooks/stripe${route && `/${route}`}`, async (request) => {
        const signature = request.headers['stripe-signature'];
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        await receive(route, body, typeof signature === 'string' ? signature : undefined, request.log);
        return { received: true };
      });
    }
  });
  return app;
}
