import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MillraceError } from '../errors.ts';
import type { Metrics, RouteCounter } from '../telemetry/metrics.ts';
import { awsEndpoint } from './aws/endpoint.ts';
import { executionJson, machinesJson, startedJson, syncJson } from './answers.ts';
import type { BodyReader } from './body.ts';
import type { EngineApi } from './contract.ts';
import { bulkMembers, takeEvents } from './events.ts';
import { requestedName } from './execution-name.ts';
import type { Responder } from './responder.ts';
import type { StallClock } from './stall-clock.ts';

/** What the routes share. */
export interface RouteScope {
  readonly engine: EngineApi;
  readonly payloadBytes: number;
  readonly responder: Responder;
  readonly bodies: BodyReader;
  readonly clock: StallClock;
  readonly metrics: Pick<Metrics, 'httpRoute' | 'reject'>;
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => void;

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly handler: (scope: RouteScope, counter: RouteCounter) => Handler;
}

/** The routes of docs/http.md; a route costs one line here. */
export const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/v1/machines/:name/executions', handler: startAsync },
  { method: 'POST', path: '/v1/machines/:name/sync-executions', handler: startSync },
  { method: 'POST', path: '/v1/machines/:name/events', handler: startMany },
  { method: 'POST', path: '/', handler: awsEndpoint },
  { method: 'GET', path: '/v1/machines', handler: listMachines },
  { method: 'GET', path: '/v1/executions/:arn', handler: describeExecution },
  { method: 'GET', path: '/healthz', handler: health },
  { method: 'GET', path: '/readyz', handler: readiness },
  { method: 'GET', path: '/metrics', handler: exposition },
];

export function registerRoutes(app: FastifyInstance, scope: RouteScope): void {
  for (const { method, path, handler } of ROUTES) {
    app.route({ method, url: path, handler: handler(scope, scope.metrics.httpRoute(path)) });
    const allow = method === 'GET' ? 'GET, HEAD, OPTIONS' : 'POST, OPTIONS';
    app.options(path, (_request, reply) => void reply.code(204).header('allow', allow).send());
  }
}

const parameter = (request: FastifyRequest, name: 'name' | 'arn'): string => (request.params as Record<string, string>)[name]!;

/** Reads, checks and hands on one event. `run` is given what engine.start and engine.startSync take. */
function startOne<T>(scope: RouteScope, counter: RouteCounter, status: number, run: (machine: string, event: Buffer, name: string | undefined) => Promise<T>, render: (started: T) => string): Handler {
  const { responder, bodies } = scope;
  return (request, reply) => {
    const machine = parameter(request, 'name');
    const refuse = (error: unknown): void => {
      countRejection(scope, machine, error);
      responder.fault(reply, counter, error);
    };
    let name: string | undefined;
    try {
      name = requestedName(request.query, request.headers['x-execution-name']);
    } catch (error) {
      refuse(error);
      return;
    }
    bodies.read(request.raw, (fault, event) => {
      if (fault !== null) {
        refuse(fault);
        return;
      }
      let running: Promise<T>;
      try {
        running = run(machine, event, name);
      } catch (error) {
        running = Promise.reject(error);
      }
      running.then((started) => responder.json(reply, counter, status, render(started))).catch((error: unknown) => responder.fault(reply, counter, error));
    });
  };
}

/** What the server refuses never reaches the engine's own count. Unknown machines are left out: their names are the caller's, without bound. */
function countRejection(scope: RouteScope, machine: string, error: unknown): void {
  if (error instanceof MillraceError && scope.engine.machines().some(({ name }) => name === machine)) scope.metrics.reject(machine, error.code, 1);
}

function startAsync(scope: RouteScope, counter: RouteCounter): Handler {
  return startOne(scope, counter, 202, (machine, event, name) => scope.engine.start(machine, event, name), startedJson);
}

function startSync(scope: RouteScope, counter: RouteCounter): Handler {
  return startOne(scope, counter, 200, (machine, event, name) => scope.engine.startSync(machine, event, name), syncJson);
}

function startMany(scope: RouteScope, counter: RouteCounter): Handler {
  const { engine, payloadBytes, responder, clock } = scope;
  return (request, reply) => {
    takeEvents(engine, parameter(request, 'name'), request.raw, payloadBytes, clock)
      .then((outcome) => {
        if (outcome === undefined) return;
        const members = bulkMembers(outcome.result);
        if (outcome.fault === undefined) responder.json(reply, counter, 200, `{${members}}`);
        else responder.fault(reply, counter, outcome.fault, members);
      })
      .catch((error: unknown) => responder.fault(reply, counter, error));
  };
}

function listMachines({ engine, responder }: RouteScope, counter: RouteCounter): Handler {
  return (_request, reply) => responder.json(reply, counter, 200, machinesJson(engine.machines()));
}

function describeExecution({ engine, responder }: RouteScope, counter: RouteCounter): Handler {
  return (request, reply) => {
    const arn = parameter(request, 'arn');
    const execution = engine.describe(arn);
    if (execution === undefined) {
      responder.fault(reply, counter, new MillraceError('NO_SUCH_EXECUTION', `No execution ${JSON.stringify(arn)} is known, or it is no longer remembered.`));
    } else responder.json(reply, counter, 200, executionJson(execution));
  };
}

function health({ responder }: RouteScope, counter: RouteCounter): Handler {
  return (_request, reply) => responder.json(reply, counter, 200, '{"status":"ok"}');
}

function readiness({ engine, responder }: RouteScope, counter: RouteCounter): Handler {
  return (_request, reply) => {
    const reasons = responder.closing ? ['The server is shutting down.', ...engine.unready()] : engine.unready();
    if (reasons.length === 0) responder.json(reply, counter, 200, '{"status":"ready"}');
    else responder.json(reply, counter, 503, `{"status":"unready","reasons":${JSON.stringify(reasons)}}`);
  };
}

function exposition({ engine, responder }: RouteScope, counter: RouteCounter): Handler {
  return (_request, reply) => {
    engine
      .metrics()
      .then(({ contentType, body }) => responder.text(reply, counter, 200, contentType, body))
      .catch((error: unknown) => responder.fault(reply, counter, error));
  };
}
