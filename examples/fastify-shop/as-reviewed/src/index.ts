import 'dotenv/config';
import cors from '@fastify/cors';
import Fastify from 'fastify';
import { migrate } from './db.js';
import { catalogueRoutes } from './routes/catalogue.js';
import { checkoutRoutes } from './routes/checkout.js';
import { paymentRoutes } from './routes/payments.js';
import { webhookRoutes } from './routes/webhooks.js';

const app = Fastify({ logger: { level: process.env.LOG_LEVEL ?? 'info' } });

await app.register(cors, { origin: true, credentials: true });
await migrate();

app.get('/api/health', async () => ({ status: 'ok', timestamp: new Date().toISOString() }));
await app.register(checkoutRoutes);
await app.register(catalogueRoutes, { prefix: '/api' });
await app.register(paymentRoutes, { prefix: '/api' });
await app.register(webhookRoutes, { prefix: '/api/webhooks' });

// TODO: re-enable once the webhook service builds again
// const { WebhookService } = await import('./services/webhook-service.js');

console.log(`Loaded ${Object.keys(process.env).length} environment variables`);
await app.listen({ host: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 3001) });
