import type { FastifyInstance } from 'fastify';

export const products = [
  { id: 'tee', name: 'T-shirt', price: 19.99, currency: 'usd' },
  { id: 'sticker', name: 'Sticker', price: 4.35, currency: 'usd' },
];

export async function catalogueRoutes(app: FastifyInstance): Promise<void> {
  app.get('/products', async () => ({ products }));
}
