export { handler } from '../two-functions/functions/from-fahrenheit.mjs';
