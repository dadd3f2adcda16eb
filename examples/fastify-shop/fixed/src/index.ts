import { config } from './config.js';
import { migrate } from './db.js';
import { sendMails, stopMails } from './mailer.js';
import { build } from './server.js';
import { stripe } from './stripe.js';

await migrate();
const app = await build();
void sendMails();
await app.listen({ host: config.host, port: config.port });
app.log.info({ variables: Object.keys(process.env).length }, 'configuration loaded');
stripe.balance.retrieve().then(
  () => app.log.info('stripe reachable'),
  (error: Error) => app.log.warn({ error: error.name }, 'stripe not reachable'),
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopMails();
    void app.close().then(() => process.exit(0));
  });
}
