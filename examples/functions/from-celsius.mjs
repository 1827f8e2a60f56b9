export { handler } from '../two-functions/functions/from-celsius.mjs';
