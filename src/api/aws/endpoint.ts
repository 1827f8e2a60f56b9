import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { RouteCounter } from '../../telemetry/metrics.ts';
import { BodyReader } from '../body.ts';
import type { RouteScope } from '../rest.ts';
import type { Handler } from '../router.ts';
import type { AwsScope } from './action.ts';
import { ACTIONS } from './actions.ts';
import { AwsFault, toAwsFault } from './fault.ts';
import { MachineRecords } from './machine-records.ts';
import { checkRequest } from './members.ts';

const JSON_TYPE = 'application/x-amz-json-1.0';
const TARGET = /^AWSStepFunctions\.(\w+)$/;
/** A definition of a mebibyte, every character of it escaped, and some more for the other members. */
const REQUEST_BYTES = 8_388_608;
const BUDGET_BYTES = 134_217_728;

/**
 * Answers AWS's JSON protocol (1.0): POST / with the action in X-Amz-Target. The action table says what is offered; faults are
 * `{"__type", "message"}`, with the statuses that SDKs expect. Signatures are not checked.
 */
export function awsEndpoint(scope: RouteScope, counter: RouteCounter): Handler {
  const { responder, engine, clock } = scope;
  const bodies = new BodyReader(REQUEST_BYTES, BUDGET_BYTES, clock);
  const aws: AwsScope = { engine, records: new MachineRecords() };

  const answer = (response: ServerResponse, status: number, body: object): void =>
    responder.text(response, counter, status, JSON_TYPE, JSON.stringify(body), ['x-amzn-requestid', randomUUID()]);
  const refuse = (response: ServerResponse, error: unknown): void => {
    const fault = toAwsFault(error);
    if (fault === undefined) {
      const { status, message } = responder.explain(error);
      answer(response, status, { __type: 'InternalFailure', message });
      return;
    }
    answer(response, fault.status, { __type: fault.code, message: fault.message });
    responder.discardRest(response.req);
  };

  return ({ request, response }) => {
    const target = request.headers['x-amz-target'];
    const name = typeof target === 'string' ? TARGET.exec(target)?.[1] : undefined;
    const action = name === undefined ? undefined : ACTIONS.get(name);
    if (action === undefined) {
      refuse(response, new AwsFault('UnknownOperationException', `The operation ${JSON.stringify(String(target ?? ''))} is not offered here.`));
      return;
    }
    bodies.read(request, true, (fault, body) => {
      if (fault !== null) {
        refuse(response, fault.code === 'PAYLOAD_TOO_LARGE' ? new AwsFault('RequestEntityTooLargeException', fault.message, 413) : fault);
        return;
      }
      Promise.resolve()
        .then(() => action.run(aws, checkRequest(JSON.parse(body.toString()), action.request)))
        .then((members) => answer(response, 200, members))
        .catch((error: unknown) => refuse(response, error));
    });
  };
}
