import { json } from '../../lib/served.js';

export const dynamic = 'force-dynamic';
export const GET = () => json({ status: 'ok' });
