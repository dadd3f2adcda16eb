import { PHASE_PRODUCTION_SERVER } from 'next/constants.js';

const NEEDED = ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'];

export default (phase) => {
  const missing = NEEDED.filter((name) => !process.env[name]);
  if (phase === PHASE_PRODUCTION_SERVER && missing.length) throw new Error(`${missing.join(', ')}: missing`);
  return {
    poweredByHeader: false,
    serverExternalPackages: ['nodemailer'],
    headers: async () => [{ source: '/:path*', headers: [{ key: 'X-Content-Type-Options', value: 'nosniff' }] }],
  };
};
