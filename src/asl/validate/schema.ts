import type { StateType } from '../types.ts';
import { FIELDS, type FieldName, type SchemaNode } from './schema-fields.ts';
import { MACHINE, PARTS } from './schema-parts.ts';

interface StateShape {
  readonly description: string;
  readonly fields: readonly FieldName[];
  readonly required?: readonly FieldName[];
  /** Groups of fields of which exactly one must be there. */
  readonly oneOf?: readonly (readonly FieldName[])[];
}

const DATA: readonly FieldName[] = ['InputPath', 'OutputPath', 'Output'];
const RESULT: readonly FieldName[] = ['Parameters', 'ResultPath', 'Assign'];
const FLOW: readonly FieldName[] = ['Next', 'End'];
const HANDLERS: readonly FieldName[] = ['ResultSelector', 'Retry', 'Catch'];

/** What each state type takes, in AWS's order of types. */
export const STATE_SHAPES: Readonly<Record<StateType, StateShape>> = {
  Task: {
    description: 'Calls a function or a service.',
    fields: [...DATA, ...RESULT, ...FLOW, ...HANDLERS, 'Arguments', 'Resource', 'Credentials', 'TimeoutSeconds', 'TimeoutSecondsPath', 'HeartbeatSeconds', 'HeartbeatSecondsPath'],
    required: ['Resource'],
  },
  Wait: { description: 'Waits for a time or until a time.', fields: [...DATA, 'Assign', ...FLOW, 'SecondsPath', 'Seconds', 'TimestampPath', 'Timestamp'], oneOf: [['SecondsPath', 'Seconds', 'TimestampPath', 'Timestamp']] },
  Pass: { description: 'Passes its input on, or a result made from it.', fields: [...DATA, ...RESULT, ...FLOW, 'Result'] },
  Succeed: { description: 'Ends the body successfully.', fields: DATA },
  Fail: { description: 'Ends the body with an error.', fields: ['Error', 'ErrorPath', 'Cause', 'CausePath'] },
  Choice: { description: 'Takes the first rule that is true.', fields: [...DATA, 'Assign', 'Choices', 'Default'], required: ['Choices'] },
  Parallel: { description: 'Runs branches at the same time.', fields: [...DATA, ...RESULT, ...FLOW, ...HANDLERS, 'Arguments', 'Branches'], required: ['Branches'] },
  Map: {
    description: 'Runs a body for each item of an array.',
    fields: [...DATA, ...RESULT, ...FLOW, ...HANDLERS, 'ItemProcessor', 'Iterator', 'ItemsPath', 'Items', 'ItemSelector', 'ItemReader', 'ItemBatcher', 'ResultWriter',
      'MaxConcurrency', 'MaxConcurrencyPath', 'ToleratedFailureCount', 'ToleratedFailureCountPath', 'ToleratedFailurePercentage', 'ToleratedFailurePercentagePath', 'Label'],
    oneOf: [['ItemProcessor', 'Iterator']],
  },
};

export const STATE_TYPES = Object.keys(STATE_SHAPES) as StateType[];

/** `End: false` is the same as no End. */
const only = (field: FieldName): SchemaNode => (field === 'End' ? { required: [field], properties: { End: { const: true } } } : { required: [field] });

function stateSchema(type: StateType, shape: StateShape): SchemaNode {
  const properties: Record<string, SchemaNode> = { Type: { const: type }, Comment: FIELDS.Comment, QueryLanguage: FIELDS.QueryLanguage };
  for (const field of shape.fields) properties[field] = FIELDS[field];
  const groups = [...(shape.oneOf ?? []), ...(shape.fields.includes('Next') ? [FLOW] : [])];
  return {
    title: `${type} state`,
    description: shape.description,
    type: 'object',
    properties,
    required: ['Type', ...(shape.required ?? [])],
    additionalProperties: false,
    ...(groups.length === 0 ? {} : { allOf: groups.map((group) => ({ oneOf: group.map(only) })) }),
  };
}

const states: Record<string, SchemaNode> = {};
for (const type of STATE_TYPES) states[`${type}State`] = stateSchema(type, STATE_SHAPES[type]);

/**
 * The structure of a definition as a JSON Schema (draft-07), for ajv here and for editors as docs/asl.schema.json (a test
 * keeps the two equal). It holds what both query languages allow; what depends on the language is checked by code.
 */
export const ASL_SCHEMA: SchemaNode = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  ...MACHINE,
  definitions: {
    state: {
      type: 'object',
      required: ['Type'],
      discriminator: { propertyName: 'Type' },
      oneOf: STATE_TYPES.map((type) => ({ $ref: `#/definitions/${type}State` })),
    },
    ...states,
    ...PARTS,
  },
};
