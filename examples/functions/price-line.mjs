export { handler } from '../billing/functions/price-line.mjs';
