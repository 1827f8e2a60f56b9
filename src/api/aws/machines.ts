import { randomUUID } from 'node:crypto';
import { awsInvalidDefinitionMessage, toAwsDiagnostics } from '../../asl/validate/aws.ts';
import { validateDefinition } from '../../asl/validate/validate.ts';
import { MillraceError } from '../../errors.ts';
import type { MachineSummary } from '../contract.ts';
import { epochSeconds, type Action, type AwsScope } from './action.ts';
import { machineOfArn, noSuchMachine } from './arn.ts';
import { AwsFault } from './fault.ts';
import { DEFAULT_LOGGING, DEFAULT_TRACING, type MachineRecord } from './machine-records.ts';
import { memberOf, type Request, type Shape } from './members.ts';

const TYPES = ['STANDARD', 'EXPRESS'] as const;
const REFUSED_IN_NAMES = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}\p{Cs}\ufffe\uffff]/u;
const LONGEST_DEFINITION = 1_048_576;

const definitionRule: Shape[string] = { type: 'string', required: true, min: 1, max: LONGEST_DEFINITION, sensitive: true };
const arnRule: Shape[string] = { type: 'string', required: true, min: 1, max: 256 };

const text = (request: Request, name: string): string => memberOf(request, name) as string;

export const createStateMachine: Action = {
  request: {
    name: { type: 'string', required: true, min: 1, max: 80 },
    definition: definitionRule,
    roleArn: { type: 'string', required: true, min: 1, max: 256 },
    type: { type: 'string', values: TYPES },
    loggingConfiguration: { type: 'structure', members: { level: { type: 'string', values: ['ALL', 'ERROR', 'FATAL', 'OFF'] }, destinations: { type: 'list' } } },
    tracingConfiguration: { type: 'structure' },
    publish: { type: 'boolean' },
    versionDescription: { type: 'string', max: 256 },
  },
  async run(scope, request) {
    const { engine, records } = scope;
    const name = text(request, 'name');
    if (REFUSED_IN_NAMES.test(name)) throw new AwsFault('InvalidName', `Invalid Name: '${name}'`);
    if (memberOf(request, 'versionDescription') !== undefined && memberOf(request, 'publish') !== true) {
      throw new AwsFault('ValidationException', 'Version description can only be set when publish is true');
    }
    checkLogging(memberOf(request, 'loggingConfiguration'));
    const record: MachineRecord = {
      type: (memberOf(request, 'type') ?? 'STANDARD') as MachineRecord['type'],
      roleArn: checkRole(text(request, 'roleArn')),
      definition: text(request, 'definition'),
      createdMs: Date.now(),
      revisionId: randomUUID(),
      loggingConfiguration: memberOf(request, 'loggingConfiguration') ?? DEFAULT_LOGGING,
      tracingConfiguration: memberOf(request, 'tracingConfiguration') ?? DEFAULT_TRACING,
    };
    const arn = engine.machineArn(name);
    const present = engine.machine(name);
    const known = records.get(name);
    if (present !== undefined || records.isBeingMade(name)) {
      if (present !== undefined && known !== undefined && sameRequest(known, record)) return { stateMachineArn: arn, creationDate: epochSeconds(known.createdMs) };
      throw new AwsFault('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
    }
    await records.make(name, record, () => install(scope, name, record));
    return { stateMachineArn: arn, creationDate: epochSeconds(record.createdMs) };
  },
};

/** AWS's idempotency: the same name, definition, type, logging and tracing; roles and tags are not compared. */
function sameRequest(a: MachineRecord, b: MachineRecord): boolean {
  const settings = (record: MachineRecord): string => JSON.stringify([record.type, record.definition, record.loggingConfiguration, record.tracingConfiguration]);
  return settings(a) === settings(b);
}

function checkRole(roleArn: string): string {
  if (!/^arn:aws[a-z-]*:iam::\d*:role\/.+$/.test(roleArn)) throw new AwsFault('InvalidArn', `Invalid Role Arn: '${roleArn}'`);
  return roleArn;
}

function checkLogging(configuration: unknown): void {
  if (configuration === undefined) return;
  const { level, destinations } = configuration as { level?: unknown; destinations?: unknown };
  const count = Array.isArray(destinations) ? destinations.length : 0;
  if (count > 1 || (count === 0 && level !== undefined && level !== 'OFF')) {
    throw new AwsFault('InvalidLoggingConfiguration', 'Invalid Logging Configuration: Must specify exactly one Log Destination.');
  }
}

async function install({ engine }: AwsScope, name: string, record: MachineRecord): Promise<void> {
  try {
    await engine.install(name, { definition: record.definition, type: record.type, roleArn: record.roleArn });
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'INVALID_DEFINITION') throw new AwsFault('InvalidDefinition', awsInvalidDefinitionMessage(error.diagnostics));
    throw error;
  }
}

export const deleteStateMachine: Action = {
  request: { stateMachineArn: arnRule },
  run({ engine, records }, request) {
    const name = machineOfArn(text(request, 'stateMachineArn'));
    records.delete(name);
    // As on AWS, what is not there counts as deleted.
    if (engine.machine(name) !== undefined) engine.remove(name);
    return {};
  },
};

export const describeStateMachine: Action = {
  request: { stateMachineArn: arnRule, includedData: { type: 'string', values: ['ALL_DATA', 'METADATA_ONLY'] } },
  run(scope, request) {
    const { machine, record } = served(scope, text(request, 'stateMachineArn'));
    return {
      stateMachineArn: machine.arn,
      name: machine.name,
      status: 'ACTIVE',
      definition: memberOf(request, 'includedData') === 'METADATA_ONLY' ? undefined : machine.definition,
      roleArn: record?.roleArn ?? `arn:aws:iam::${machine.arn.split(':')[4]}:role/${machine.name}`,
      type: record?.type ?? 'EXPRESS',
      creationDate: epochSeconds(record?.createdMs ?? scope.records.startedMs),
      loggingConfiguration: record?.loggingConfiguration ?? DEFAULT_LOGGING,
      tracingConfiguration: record?.tracingConfiguration ?? DEFAULT_TRACING,
      revisionId: record?.revisionId,
    };
  },
};

/** The machine that an ARN names, with its record if it was made over this API. @throws AwsFault */
export function served({ engine, records }: AwsScope, arn: string): { machine: MachineSummary; record: MachineRecord | undefined } {
  const name = machineOfArn(arn);
  const machine = engine.machine(name);
  if (machine === undefined) throw noSuchMachine(arn);
  return { machine, record: records.get(name) };
}

const LARGEST_PAGE = 1000;
const USUAL_PAGE = 100;

export const listStateMachines: Action = {
  request: { maxResults: { type: 'integer', min: 0, max: LARGEST_PAGE }, nextToken: { type: 'string', min: 1, max: 1024 } },
  run({ engine, records }, request) {
    const asked = memberOf(request, 'maxResults') as number | undefined;
    const size = asked === undefined || asked === 0 ? USUAL_PAGE : asked;
    const token = memberOf(request, 'nextToken') as string | undefined;
    const after = token === undefined ? '' : decodeToken(token);
    // By name, not by position: a page stays right when machines come and go between two requests.
    const rest = engine.machines().filter(({ name }) => name > after).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const page = rest.slice(0, size);
    return {
      stateMachines: page.map(({ arn, name }) => ({
        stateMachineArn: arn,
        name,
        type: records.get(name)?.type ?? 'EXPRESS',
        creationDate: epochSeconds(records.get(name)?.createdMs ?? records.startedMs),
      })),
      nextToken: rest.length > size ? Buffer.from(page.at(-1)!.name).toString('base64url') : undefined,
    };
  },
};

function decodeToken(token: string): string {
  const name = Buffer.from(token, 'base64url').toString();
  if (name === '' || Buffer.from(name).toString('base64url') !== token) throw new AwsFault('InvalidToken', `Invalid Token: 'Invalid token'`);
  return name;
}

export const validateStateMachineDefinition: Action = {
  request: {
    definition: definitionRule,
    type: { type: 'string', values: TYPES },
    severity: { type: 'string', values: ['ERROR', 'WARNING'] },
    maxResults: { type: 'integer', min: 0, max: 100 },
  },
  run({ engine }, request) {
    const type = (memberOf(request, 'type') ?? 'STANDARD') as MachineRecord['type'];
    const diagnostics = validateDefinition(text(request, 'definition'), { type, compatibility: engine.compatibility });
    return toAwsDiagnostics(diagnostics, {
      maxResults: memberOf(request, 'maxResults') as number | undefined,
      severity: memberOf(request, 'severity') as 'ERROR' | 'WARNING' | undefined,
    });
  },
};
