/** A JSON Schema node. Plain data: the same object is compiled by ajv and published for editors. */
export type SchemaNode = { readonly [keyword: string]: unknown };

const path = (description: string): SchemaNode => ({ type: 'string', description });
const pathOrNull = (description: string): SchemaNode => ({ type: ['string', 'null'], description });
const template = (description: string): SchemaNode => ({ description });
/** A literal, or a JSONata string that yields one; which of the two a state may use is checked by code. */
const integer = (description: string, minimum: number, maximum?: number): SchemaNode =>
  ({ type: ['integer', 'string'], minimum, ...(maximum === undefined ? {} : { maximum }), description });

const LONGEST = 99_999_999;

/** Every field that some state type takes, by name. */
export const FIELDS = {
  Comment: { type: 'string', description: 'A note for people; never read by the runtime.' },
  QueryLanguage: { enum: ['JSONPath', 'JSONata'], description: 'The language of this state; the machine\'s when absent. JSONPath is not allowed where the machine says JSONata.' },
  Next: { type: 'string', description: 'The state that comes after this one.' },
  End: { type: 'boolean', description: 'True when the body ends with this state.' },
  InputPath: pathOrNull('JSONPath. A path that selects the effective input; null stands for {}.'),
  OutputPath: pathOrNull('JSONPath. A path that selects the output; null stands for {}.'),
  ResultPath: pathOrNull('JSONPath. A reference path: where the result goes in the input; null discards the result.'),
  Parameters: template('JSONPath. A payload template that replaces the effective input; keys that end in .$ hold paths or intrinsic calls.'),
  ResultSelector: template('JSONPath. A payload template applied to the raw result.'),
  Arguments: template('JSONata. What the task or the branches are given.'),
  Output: template('JSONata. The output of the state.'),
  Assign: { type: 'object', description: 'Variables to set, by name.' },
  Result: template('JSONPath. The output of the Pass state, taken literally.'),
  Resource: { type: 'string', description: 'An ARN of a function, an activity or a service integration; Millrace also takes the bare name of a function.' },
  Credentials: { type: ['object', 'string'], description: 'The role to assume; accepted and not used.' },
  TimeoutSeconds: integer('Fails the attempt with States.Timeout after so many seconds.', 1, LONGEST),
  TimeoutSecondsPath: path('JSONPath. A reference path to the time-out in seconds.'),
  HeartbeatSeconds: integer('Fails the attempt with States.HeartbeatTimeout after so many seconds of silence; less than TimeoutSeconds.', 1, LONGEST),
  HeartbeatSecondsPath: path('JSONPath. A reference path to the heartbeat interval in seconds.'),
  Seconds: integer('Waits so many seconds.', 0, LONGEST),
  SecondsPath: path('JSONPath. A reference path to the number of seconds.'),
  Timestamp: { type: 'string', description: 'Waits until then: an RFC 3339 timestamp with an upper-case T and Z or an offset.' },
  TimestampPath: path('JSONPath. A reference path to the timestamp.'),
  Error: { type: 'string', description: 'The name of the error.' },
  ErrorPath: path('JSONPath. A path or an intrinsic call that yields the name of the error.'),
  Cause: { type: 'string', description: 'What happened, for people.' },
  CausePath: path('JSONPath. A path or an intrinsic call that yields the cause.'),
  Choices: { type: 'array', minItems: 1, items: { $ref: '#/definitions/choiceRule' }, description: 'Rules in order; the first that is true names the next state.' },
  Default: { type: 'string', description: 'The next state when no rule is true; without it the state fails with States.NoChoiceMatched.' },
  Branches: { type: 'array', minItems: 1, items: { $ref: '#/definitions/branch' }, description: 'Bodies that run at the same time, each on the same input.' },
  ItemProcessor: { $ref: '#/definitions/itemProcessor' },
  Iterator: { $ref: '#/definitions/itemProcessor' },
  ItemsPath: path('JSONPath. A reference path to the array to iterate over.'),
  Items: { type: ['array', 'string', 'object'], description: 'JSONata. The array to iterate over.' },
  ItemSelector: template('What each iteration is given; $$.Map.Item.Value or $states.context.Map.Item.Value is the item.'),
  ItemReader: { type: 'object', description: 'Distributed Map only: where the items are read from.' },
  ItemBatcher: { type: 'object', description: 'Distributed Map only: how items are batched.' },
  ResultWriter: { type: 'object', description: 'Distributed Map only: where the results are written.' },
  MaxConcurrency: integer('How many iterations may run at once; 0 means no limit.', 0),
  MaxConcurrencyPath: path('JSONPath. A reference path to MaxConcurrency.'),
  ToleratedFailureCount: integer('How many iterations may fail before the Map fails.', 0),
  ToleratedFailureCountPath: path('JSONPath. A reference path to ToleratedFailureCount.'),
  ToleratedFailurePercentage: { type: ['number', 'string'], minimum: 0, maximum: 100, description: 'Which share of the iterations may fail before the Map fails.' },
  ToleratedFailurePercentagePath: path('JSONPath. A reference path to ToleratedFailurePercentage.'),
  Label: { type: 'string', description: 'Distributed Map only: a name of up to 40 characters.' },
  Retry: { type: 'array', items: { $ref: '#/definitions/retrier' }, description: 'Retriers in order; the first whose ErrorEquals matches decides.' },
  Catch: { type: 'array', items: { $ref: '#/definitions/catcher' }, description: 'Catchers in order; the first whose ErrorEquals matches names the next state.' },
} as const satisfies Record<string, SchemaNode>;

export type FieldName = keyof typeof FIELDS;
