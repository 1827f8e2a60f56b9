import { FIELDS, type SchemaNode } from './schema-fields.ts';

const PATH = { type: 'string', description: 'JSONPath. A path to the value to compare with.' } as const;

/** Comparison operators of Choice rules and what each compares with. */
const COMPARISONS: Record<string, SchemaNode> = {};
for (const [family, type, orders] of [
  ['String', 'string', true], ['Numeric', 'number', true], ['Timestamp', 'string', true], ['Boolean', 'boolean', false],
] as const) {
  for (const order of orders ? ['Equals', 'LessThan', 'GreaterThan', 'LessThanEquals', 'GreaterThanEquals'] : ['Equals']) {
    COMPARISONS[`${family}${order}`] = { type, description: `JSONPath. True when the variable is a ${type} for which this holds; values are never converted.` };
    COMPARISONS[`${family}${order}Path`] = PATH;
  }
}
COMPARISONS['StringMatches'] = { type: 'string', description: 'JSONPath. A pattern in which * stands for any characters and \\\\* for an asterisk.' };
for (const test of ['IsNull', 'IsPresent', 'IsNumeric', 'IsString', 'IsBoolean', 'IsTimestamp']) {
  COMPARISONS[test] = { type: 'boolean', description: 'JSONPath. A test of the variable\'s type; false negates it.' };
}

/** Names of the operators, in the order in which they are described. */
export const OPERATORS: readonly string[] = Object.keys(COMPARISONS);

const ruleFields: Record<string, SchemaNode> = {
  Comment: FIELDS.Comment,
  And: { type: 'array', minItems: 1, items: { $ref: '#/definitions/nestedRule' }, description: 'True when all rules are.' },
  Or: { type: 'array', minItems: 1, items: { $ref: '#/definitions/nestedRule' }, description: 'True when one rule is.' },
  Not: { $ref: '#/definitions/nestedRule' },
  Variable: { type: 'string', description: 'JSONPath. A path to the value that is tested.' },
  ...COMPARISONS,
};

const object = (title: string, description: string, properties: Record<string, SchemaNode>, required: readonly string[], more: SchemaNode = {}): SchemaNode =>
  ({ title, description, type: 'object', properties, required, additionalProperties: false, ...more });

const STATES: SchemaNode = { type: 'object', description: 'States by name; names are unique in the whole machine, at most 80 characters long.', additionalProperties: { $ref: '#/definitions/state' } };
const START_AT: SchemaNode = { type: 'string', description: 'The name of the first state.' };

/** The parts of a definition that are not states. */
export const PARTS: Record<string, SchemaNode> = {
  branch: object('Branch', 'A body of a Parallel state.', { Comment: FIELDS.Comment, StartAt: START_AT, States: STATES }, ['States', 'StartAt']),
  itemProcessor: object('Item processor', 'The body that a Map state runs for each item.', {
    Comment: FIELDS.Comment,
    StartAt: START_AT,
    States: STATES,
    ProcessorConfig: object('Processor configuration', 'INLINE (the default) or DISTRIBUTED.', {
      Mode: { enum: ['INLINE', 'DISTRIBUTED'], description: 'Millrace runs inline maps.' },
      ExecutionType: { enum: ['STANDARD', 'EXPRESS'], description: 'Distributed Map only: the type of the child executions.' },
    }, []),
  }, ['States', 'StartAt']),
  choiceRule: object('Choice rule', 'A condition and the state that it leads to.', {
    ...ruleFields,
    Condition: { type: ['string', 'boolean'], description: 'JSONata. An expression that yields true or false.' },
    Next: FIELDS.Next,
    Assign: FIELDS.Assign,
    Output: FIELDS.Output,
  }, ['Next']),
  nestedRule: object('Nested choice rule', 'A condition within And, Or or Not; it has no Next.', ruleFields, []),
  retrier: object('Retrier', 'When and how often to try again.', {
    Comment: FIELDS.Comment,
    ErrorEquals: { type: 'array', minItems: 1, items: { type: 'string' }, description: 'Error names; States.ALL stands alone, in the last retrier.' },
    IntervalSeconds: { type: 'integer', minimum: 1, maximum: 99_999_999, default: 1, description: 'Seconds before the first retry.' },
    MaxAttempts: { type: 'integer', minimum: 0, maximum: 99_999_999, default: 3, description: 'How many retries at most; 0 means none.' },
    BackoffRate: { type: 'number', minimum: 1, default: 2, description: 'By what the interval is multiplied with every retry.' },
    MaxDelaySeconds: { type: 'integer', minimum: 1, maximum: 31_622_400, description: 'An upper limit of the interval; greater than IntervalSeconds.' },
    JitterStrategy: { enum: ['NONE', 'FULL'], default: 'NONE', description: 'FULL takes a random time between 0 and the interval.' },
  }, ['ErrorEquals']),
  catcher: object('Catcher', 'Which errors lead to which state.', {
    Comment: FIELDS.Comment,
    ErrorEquals: { type: 'array', minItems: 1, items: { type: 'string' }, description: 'Error names; States.ALL stands alone, in the last catcher.' },
    Next: FIELDS.Next,
    ResultPath: FIELDS.ResultPath,
    Assign: FIELDS.Assign,
    Output: FIELDS.Output,
  }, ['ErrorEquals', 'Next']),
};

/** The body of the root, shared with the schema's top. */
export const MACHINE: SchemaNode = object('Amazon States Language definition', 'A state machine as Millrace and AWS Step Functions run it.', {
  $schema: { type: 'string', description: 'For editors; AWS does not take it.' },
  Comment: FIELDS.Comment,
  Version: { enum: ['1.0'], description: 'The version of the language.' },
  QueryLanguage: { enum: ['JSONPath', 'JSONata'], default: 'JSONPath', description: 'The language of every state that names none of its own.' },
  TimeoutSeconds: { type: 'integer', minimum: 1, maximum: 99_999_999, description: 'The longest an execution may take; 300 seconds on Express at the most.' },
  StartAt: START_AT,
  States: STATES,
}, ['States', 'StartAt']);
