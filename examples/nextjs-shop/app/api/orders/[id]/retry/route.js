import { answering, json, served } from '../../../../../lib/served.js';

export const POST = answering(async (request, params) => json(await served().shop.paymentOf(params.id)));
