// A fastify route with the logic by hand and no schemas, as it would be written first.
import fastify from 'fastify';
import { byHand } from '../lib/machine.mjs';

const app = fastify();
app.route({ method: 'POST', url: '/', handler: async (request) => byHand(request.body) });
console.log(await app.listen({ port: 0, host: '127.0.0.1' }));
