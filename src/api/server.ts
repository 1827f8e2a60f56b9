import { createServer as createHttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { silentLog } from '../telemetry/log.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { BodyReader } from './body.ts';
import type { EngineApi } from './contract.ts';
import { listeningFault } from './listening.ts';
import { malformedAnswer } from './malformed.ts';
import { Responder } from './responder.ts';
import { handlersOf } from './rest.ts';
import { noRoute, Router } from './router.ts';
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
const CLOSING_SWEEP_MS = 25;

const uncounted: Pick<Metrics, 'httpRoute' | 'reject'> = { httpRoute: () => ({ count: () => undefined }), reject: () => undefined };

export function createServer(options: ServerOptions): ApiServer {
  const { engine, host, port, payloadBytes } = options;
  const log = options.logger ?? silentLog;
  const metrics = options.metrics ?? uncounted;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const responder = new Responder({ log, answerMs: timeouts.answerMs, lingerMs: timeouts.lingerMs });
  const clock = new StallClock(timeouts.bodyMs);
  const bodies = new BodyReader(payloadBytes, Math.max(BODY_BUDGET_BYTES, payloadBytes), clock);
  const unmatched = metrics.httpRoute('unmatched');
  const malformed = metrics.httpRoute('malformed');

  const router = new Router(handlersOf({ engine, payloadBytes, responder, bodies, clock, metrics }));

  const server = createHttpServer(
    {
      keepAliveTimeout: timeouts.keepAliveMs,
      // A bulk body may take hours; the clock looks after bodies, Node after headers.
      requestTimeout: 0,
      headersTimeout: timeouts.headersMs,
      connectionsCheckingInterval: Math.min(5000, timeouts.headersMs / 2),
    },
    (request, response) => {
      try {
        const { method = '', url = '' } = request;
        const end = url.indexOf('?');
        const path = end < 0 ? url : url.slice(0, end);
        const found = router.find(path);
        const handler = found?.values.get(method);
        if (handler !== undefined) handler({ request, response, parameter: found!.parameter, query: end < 0 ? '' : url.slice(end + 1) });
        else if (found !== undefined && method === 'OPTIONS') responder.empty(response, 204, ['allow', [...found.values.keys(), 'OPTIONS'].join(', ')]);
        else responder.fault(response, unmatched, noRoute(method, path));
      } catch (error) {
        responder.fault(response, unmatched, error);
      }
    },
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => malformedAnswer(error, socket as Socket, malformed));

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
    },
  };
}
