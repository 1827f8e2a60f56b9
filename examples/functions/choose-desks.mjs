export { handler } from '../earthquakes/functions/choose-desks.mjs';
