export { handler } from '../earthquakes/functions/locate.mjs';
