import type { FastifyInstance } from 'fastify';
import Stripe from 'stripe';

const stripe = new Stripe(process.env.STRIPE_SECRET_KEY!);

export async function paymentRoutes(app: FastifyInstance): Promise<void> {
  app.post('/create-payment-intent', async (request, reply) => {
    const { amount, currency = 'usd', orderId, email } = request.body as any;
    try {
      const intent = await stripe.paymentIntents.create({
        amount: Math.round(amount * 100),
        currency,
        receipt_email: email,
        metadata: { orderId },
        automatic_payment_methods: { enabled: true },
      });
      return { clientSecret: intent.client_secret, paymentIntentId: intent.id };
    } catch (error) {
      return reply.status(500).send({ error: (error as Error).message, stack: (error as Error).stack });
    }
  });

  app.post('/customers', async (request) => {
    const { email, name } = request.body as any;
    const customer = await stripe.customers.create({ email, name });
    return { customerId: customer.id };
  });
}
