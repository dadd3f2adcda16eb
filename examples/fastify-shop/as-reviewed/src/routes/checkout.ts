import type { FastifyInstance } from 'fastify';

export async function checkoutRoutes(app: FastifyInstance): Promise<void> {
  app.get('/checkout', async (_request, reply) =>
    reply.type('text/html').send(`<!doctype html>
<html>
<head>
<title>Checkout</title>
<script src="https://js.stripe.com/v3/"></script>
</head>
<body>
<div id="payment-element"></div>
<button id="pay">Pay</button>
<script>
  const stripe = Stripe('${process.env.STRIPE_PUBLISHABLE_KEY}');
</script>
</body>
</html>`),
  );
}
