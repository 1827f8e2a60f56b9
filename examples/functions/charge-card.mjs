export { handler } from '../billing/functions/charge-card.mjs';
