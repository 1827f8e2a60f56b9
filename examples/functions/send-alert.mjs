export { handler } from '../earthquakes/functions/send-alert.mjs';
