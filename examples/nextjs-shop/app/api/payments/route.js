import { answering, bodyOf, json, served } from '../../../lib/served.js';
import { Refused } from '../../../lib/shop.js';

export const POST = answering(async (request) => {
  const body = await bodyOf(request);
  let wanted;
  try {
    wanted = JSON.parse(body.toString());
  } catch {
    throw new Refused(400, 'invalid_json');
  }
  return json(await served().shop.createPayment(wanted));
});
