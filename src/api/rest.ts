import { MillraceError } from '../errors.ts';
import type { Metrics, RouteCounter } from '../telemetry/metrics.ts';
import { awsEndpoint } from './aws/endpoint.ts';
import { executionJson, machinesJson, startedJson, syncJson } from './answers.ts';
import type { BodyReader } from './body.ts';
import type { EngineApi } from './contract.ts';
import { bulkMembers, takeEvents } from './events.ts';
import { requestedName } from './execution-name.ts';
import type { Responder } from './responder.ts';
import { decodeParameter, type Handler, type Route } from './router.ts';
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

/** Makes a route's handler, which counts its answers. */
type HandlerOf = (scope: RouteScope, counter: RouteCounter) => Handler;

/** The routes of docs/http.md; a route costs one line here. */
export const ROUTES: readonly Route<HandlerOf>[] = [
  { method: 'POST', path: '/v1/machines/:name/executions', value: startAsync },
  { method: 'POST', path: '/v1/machines/:name/sync-executions', value: startSync },
  { method: 'POST', path: '/v1/machines/:name/events', value: startMany },
  { method: 'POST', path: '/', value: awsEndpoint },
  { method: 'GET', path: '/v1/machines', value: listMachines },
  { method: 'GET', path: '/v1/executions/:arn', value: describeExecution },
  { method: 'GET', path: '/healthz', value: health },
  { method: 'GET', path: '/readyz', value: readiness },
  { method: 'GET', path: '/metrics', value: exposition },
];

export const handlersOf = (scope: RouteScope): Route<Handler>[] => ROUTES.map(({ method, path, value }) => ({ method, path, value: value(scope, scope.metrics.httpRoute(path)) }));

/** A query's names; several, or none, are for requestedName to judge. */
function nameOf(query: string): { readonly name?: string | readonly string[] } {
  if (query === '') return {};
  const names = new URLSearchParams(query).getAll('name');
  return names.length === 0 ? {} : { name: names.length === 1 ? names[0]! : names };
}

interface StartKind<T> {
  /** Of the answer to a start. */
  readonly status: number;
  /** Whether the event has to be JSON before it is handed on. */
  readonly checked: boolean;
  readonly run: (machine: string, event: Buffer, name: string | undefined) => Promise<T>;
  readonly render: (started: T) => string;
}

/** Reads one event and hands it on. */
function startOne<T>(scope: RouteScope, counter: RouteCounter, { status, checked, run, render }: StartKind<T>): Handler {
  const { responder, bodies } = scope;
  return ({ request, response, parameter, query }) => {
    const machine = decodeParameter(parameter);
    const refuse = (error: unknown): void => {
      countRejection(scope, machine, error);
      responder.fault(response, counter, error);
    };
    let name: string | undefined;
    try {
      name = requestedName(nameOf(query), request.headers['x-execution-name']);
    } catch (error) {
      refuse(error);
      return;
    }
    bodies.read(request, checked, (fault, event) => {
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
      running.then((started) => responder.json(response, counter, status, render(started))).catch((error: unknown) => responder.fault(response, counter, error));
    });
  };
}

/** What the server refuses never reaches the engine's own count. Unknown machines are left out: their names are the caller's, without bound. */
function countRejection(scope: RouteScope, machine: string, error: unknown): void {
  if (error instanceof MillraceError && scope.engine.machines().some(({ name }) => name === machine)) scope.metrics.reject(machine, error.code, 1);
}

function startAsync(scope: RouteScope, counter: RouteCounter): Handler {
  return startOne(scope, counter, { status: 202, checked: true, run: (machine, event, name) => scope.engine.start(machine, event, name), render: startedJson });
}

function startSync(scope: RouteScope, counter: RouteCounter): Handler {
  // Whether its event is JSON shows in the worker, before the caller has been answered.
  return startOne(scope, counter, { status: 200, checked: false, run: (machine, event, name) => scope.engine.startSync(machine, event, name), render: syncJson });
}

function startMany(scope: RouteScope, counter: RouteCounter): Handler {
  const { engine, payloadBytes, responder, clock } = scope;
  return ({ request, response, parameter }) => {
    takeEvents(engine, decodeParameter(parameter), request, payloadBytes, clock)
      .then((outcome) => {
        if (outcome === undefined) return;
        const members = bulkMembers(outcome.result);
        if (outcome.fault === undefined) responder.json(response, counter, 200, `{${members}}`);
        else responder.fault(response, counter, outcome.fault, members);
      })
      .catch((error: unknown) => responder.fault(response, counter, error));
  };
}

function listMachines({ engine, responder }: RouteScope, counter: RouteCounter): Handler {
  return ({ response }) => responder.json(response, counter, 200, machinesJson(engine.machines()));
}

function describeExecution({ engine, responder }: RouteScope, counter: RouteCounter): Handler {
  return ({ response, parameter }) => {
    const arn = decodeParameter(parameter);
    const execution = engine.describe(arn);
    if (execution === undefined) {
      responder.fault(response, counter, new MillraceError('NO_SUCH_EXECUTION', `No execution ${JSON.stringify(arn)} is known, or it is no longer remembered.`));
    } else responder.json(response, counter, 200, executionJson(execution));
  };
}

function health({ responder }: RouteScope, counter: RouteCounter): Handler {
  return ({ response }) => responder.json(response, counter, 200, '{"status":"ok"}');
}

function readiness({ engine, responder }: RouteScope, counter: RouteCounter): Handler {
  return ({ response }) => {
    const reasons = responder.closing ? ['The server is shutting down.', ...engine.unready()] : engine.unready();
    if (reasons.length === 0) responder.json(response, counter, 200, '{"status":"ready"}');
    else responder.json(response, counter, 503, `{"status":"unready","reasons":${JSON.stringify(reasons)}}`);
  };
}

function exposition({ engine, responder }: RouteScope, counter: RouteCounter): Handler {
  return ({ response }) => {
    engine
      .metrics()
      .then(({ contentType, body }) => responder.text(response, counter, 200, contentType, body))
      .catch((error: unknown) => responder.fault(response, counter, error));
  };
}
