import type { Socket } from 'node:net';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { MillraceError } from '../errors.ts';
import { silentLog } from '../telemetry/log.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { BodyReader } from './body.ts';
import type { EngineApi } from './contract.ts';
import { HttpFault } from './faults.ts';
import { listeningFault } from './listening.ts';
import { malformedAnswer } from './malformed.ts';
import { Responder } from './responder.ts';
import { registerRoutes } from './rest.ts';
import { StallClock } from './stall-clock.ts';

export interface ServerTimeouts {
  /** A request's headers must be complete this long after its first byte, or the connection's. */
  readonly headersMs: number;
  /** A single event's body must be whole within this; of a bulk body at least something must arrive within it. */
  readonly bodyMs: number;
  /** A client must take something of its answer within this. */
  readonly answerMs: number;
  /** An idle connection is kept open this long; longer than load balancers keep theirs, which would else race with the close. */
  readonly keepAliveMs: number;
  /** What is left of a refused body is read and thrown away for this long. */
  readonly lingerMs: number;
}

export interface ServerOptions {
  readonly engine: EngineApi;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The largest event. */
  readonly payloadBytes: number;
  readonly logger?: Log;
  readonly metrics?: Pick<Metrics, 'httpRoute' | 'reject'>;
  readonly timeouts?: Partial<ServerTimeouts>;
}

export interface ApiServer {
  /** Starts to listen. @throws MillraceError PORT_IN_USE, INVALID_CONFIG */
  listen(): Promise<{ host: string; port: number }>;
  /** Takes no more connections, closes idle ones, waits for the answers to running requests, and after `graceMs` cuts what is left. */
  close(graceMs: number): Promise<void>;
}

const TIMEOUTS: ServerTimeouts = { headersMs: 20_000, bodyMs: 30_000, answerMs: 30_000, keepAliveMs: 72_000, lingerMs: 2000 };

/** Bodies of single events that have not arrived whole hold at most this much memory together, or one event if that is larger. */
const BODY_BUDGET_BYTES = 268_435_456;
/** Room for an execution's ARN with every colon encoded. */
const LONGEST_PARAMETER = 2048;
const CLOSING_SWEEP_MS = 25;

const uncounted: Pick<Metrics, 'httpRoute' | 'reject'> = { httpRoute: () => ({ count: () => undefined }), reject: () => undefined };

/** @throws always: it is never called */
const noSchemas = (): never => {
  throw new Error('a route with a schema needs its compiler');
};

export async function createServer(options: ServerOptions): Promise<ApiServer> {
  const { engine, host, port, payloadBytes } = options;
  const log = options.logger ?? silentLog;
  const metrics = options.metrics ?? uncounted;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const responder = new Responder({ log, answerMs: timeouts.answerMs, lingerMs: timeouts.lingerMs });
  const clock = new StallClock(timeouts.bodyMs);
  const bodies = new BodyReader(payloadBytes, Math.max(BODY_BUDGET_BYTES, payloadBytes), clock);
  const unmatched = metrics.httpRoute('unmatched');
  const malformed = metrics.httpRoute('malformed');

  const app: FastifyInstance = fastify({
    logger: false,
    keepAliveTimeout: timeouts.keepAliveMs,
    // A bulk body may take hours; the clock looks after bodies, Node after headers.
    requestTimeout: 0,
    http: { headersTimeout: timeouts.headersMs, connectionsCheckingInterval: Math.min(5000, timeouts.headersMs / 2) },
    // Requests that arrive while the server closes are the engine's to refuse, as DRAINING.
    return503OnClosing: false,
    // No route has a schema. Without these, fastify loads ajv and its own serialiser compiler.
    schemaController: { compilersFactory: { buildValidator: () => noSchemas, buildSerializer: () => noSchemas } },
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    frameworkErrors: (error, _request, reply) => responder.fault(reply, unmatched, new HttpFault(error.statusCode ?? 400, `The path cannot be read: ${error.message}.`)),
    clientErrorHandler: (error, socket) => malformedAnswer(error, socket, malformed),
  });
  // Bodies are read by the routes, from the socket: fastify would parse what is only carried, and refuse content types and keys.
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) app.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  app.setErrorHandler((error, _request, reply) => responder.fault(reply, unmatched, error));
  app.setNotFoundHandler((request, reply) => {
    responder.fault(reply, unmatched, new MillraceError('NOT_FOUND', `No route answers ${request.method} ${request.url.split('?', 1)[0]}.`));
  });
  registerRoutes(app, { engine, payloadBytes, responder, bodies, clock, metrics });
  await app.ready();

  const { server } = app;
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', (error) => reject(listeningFault(error, host, port)));
        server.listen({ host, port }, () => {
          server.removeAllListeners('error');
          server.on('error', (error) => log.error('The HTTP server reported an error.', { error }));
          const address = server.address();
          resolve({ host, port: address !== null && typeof address === 'object' ? address.port : port });
        });
      }),
    close: async (graceMs) => {
      responder.closing = true;
      const closeIdle = (): void => {
        server.closeIdleConnections();
        // Node counts a connection as busy from its opening to its first request.
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      };
      const sweep = setInterval(closeIdle, CLOSING_SWEEP_MS);
      const grace = setTimeout(() => server.closeAllConnections(), graceMs);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        closeIdle();
      });
      clearInterval(sweep);
      clearTimeout(grace);
      clock.close();
      await app.close();
    },
  };
}
