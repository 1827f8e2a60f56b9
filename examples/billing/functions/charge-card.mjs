import { setTimeout as sleep } from 'node:timers/promises';

class GatewayUnavailable extends Error {
  name = 'GatewayUnavailable';
}

class CardDeclined extends Error {
  name = 'CardDeclined';
}

const ROUND_TRIP_MS = 2;

/**
 * Stands for a payment gateway two milliseconds away. As with the test cards of real ones, the card decides what happens:
 * `flaky` finds the gateway away at the first attempt, `dead` at every attempt, `declined` is refused.
 */
export async function handler({ card, cents, attempt, idempotencyKey }) {
  await sleep(ROUND_TRIP_MS);
  if (card === 'declined') throw new CardDeclined(`The card was refused for ${cents} cents.`);
  if (card === 'dead' || (card === 'flaky' && attempt === 0)) throw new GatewayUnavailable('The gateway does not answer.');
  return { chargeId: `ch-${idempotencyKey}`, attempts: attempt + 1 };
}
