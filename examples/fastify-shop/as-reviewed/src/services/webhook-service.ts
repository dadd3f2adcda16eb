// The full webhook service. Nothing imports it: its own imports were moved away, and it does not load any more.
import type Stripe from 'stripe';
import { db } from '../db.js';
// @ts-expect-error this module is gone
import { OrderRepository } from '../repositories/order-repository.js';
// @ts-expect-error this module is gone
import { EmailService } from './email-service.js';

export class WebhookService {
  constructor(
    private readonly stripe: Stripe,
    private readonly orders = new OrderRepository(db),
    private readonly email = new EmailService(),
  ) {}

  async receive(body: Buffer, signature: string): Promise<void> {
    const event = this.stripe.webhooks.constructEvent(body, signature, process.env.STRIPE_WEBHOOK_SECRET!);
    switch (event.type) {
      case 'payment_intent.succeeded':
        await this.onSucceeded(event.data.object);
        break;
      case 'payment_intent.payment_failed':
        await this.onFailed(event.data.object);
        break;
      case 'charge.refunded':
        await this.orders.setStatus(event.data.object.metadata.orderId, 'refunded');
        break;
    }
  }

  private async onSucceeded(intent: Stripe.PaymentIntent): Promise<void> {
    await this.orders.setStatus(intent.metadata.orderId, 'paid');
    await this.email.sendReceipt(intent.receipt_email, intent.metadata.orderId);
  }

  private async onFailed(intent: Stripe.PaymentIntent): Promise<void> {
    await this.orders.setStatus(intent.metadata.orderId, 'failed');
    await this.email.sendFailure(intent.receipt_email, intent.metadata.orderId);
  }
}
