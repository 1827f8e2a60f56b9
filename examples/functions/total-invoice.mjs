export { handler } from '../billing/functions/total-invoice.mjs';
