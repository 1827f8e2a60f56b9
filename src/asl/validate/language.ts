import { member, type Place } from './report.ts';
import { isObject, own, type JsonObject, type QueryLanguage, type StateCheck } from './state-check.ts';

/** Fields that only a JSONPath state may have; every other `…Path` field is one of them too. */
const JSONPATH_ONLY: ReadonlySet<string> = new Set([
  'InputPath', 'OutputPath', 'ResultPath', 'Parameters', 'ResultSelector', 'Result', 'ItemsPath', 'Variable', 'And', 'Or', 'Not',
  'SecondsPath', 'TimestampPath', 'TimeoutSecondsPath', 'HeartbeatSecondsPath', 'MaxConcurrencyPath', 'ToleratedFailureCountPath',
  'ToleratedFailurePercentagePath', 'ErrorPath', 'CausePath', 'MaxItemsPath', 'MaxItemsPerBatchPath', 'MaxInputBytesPerBatchPath',
]);
const JSONATA_ONLY: ReadonlySet<string> = new Set(['Arguments', 'Output', 'Items', 'Condition']);

const REPLACEMENTS: Readonly<Record<string, string>> = {
  Parameters: 'Arguments', ResultSelector: 'Output', Result: 'Output', ResultPath: 'Output', OutputPath: 'Output', ItemsPath: 'Items', Variable: 'Condition',
  Arguments: 'Parameters', Output: 'ResultSelector, ResultPath or OutputPath', Items: 'ItemsPath', Condition: 'Variable and a comparison',
};

/** The language in which a state is written: JSONPath only where that is exactly what stands there (as on AWS). */
export function languageOf(state: JsonObject, machine: QueryLanguage): QueryLanguage {
  const declared = own(state, 'QueryLanguage');
  return declared === undefined ? machine : declared === 'JSONPath' ? 'JSONPath' : 'JSONata';
}

/** Reports fields of the other query language in a state and in its rules, catchers, reader, batcher and writer. */
export function checkLanguage(check: StateCheck): void {
  const { definition, place, report } = check;
  if (check.machineLanguage === 'JSONata' && own(definition, 'QueryLanguage') === 'JSONPath') {
    report.schema("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", member(place, 'QueryLanguage'), { seenAt: place, hint: 'Remove it here, or set it state by state.' });
  }
  checkFields(check, definition, place, check.type === 'Map' && check.language === 'JSONata');
  for (const field of ['ItemReader', 'ItemBatcher', 'ResultWriter']) {
    const part = own(definition, field);
    if (!isObject(part)) continue;
    checkFields(check, part, member(place, field), false);
    const config = own(part, 'ReaderConfig');
    if (isObject(config)) checkFields(check, config, member(member(place, field), 'ReaderConfig'), false);
  }
}

/** Reports fields of the other language in one object. */
export function checkFields(check: StateCheck, object: JsonObject, place: Place, isMap: boolean): void {
  const { language, report } = check;
  const [foreign, other] = language === 'JSONata' ? ([JSONPATH_ONLY, 'JSONPath'] as const) : ([JSONATA_ONLY, 'JSONata'] as const);
  for (const field of Object.keys(object)) {
    if (!foreign.has(field)) continue;
    const instead = isMap && field === 'Parameters' ? 'ItemSelector' : Object.hasOwn(REPLACEMENTS, field) ? REPLACEMENTS[field] : undefined;
    report.schema(`The QueryLanguage is set to '${language}', but field '${field}' is only supported for the '${other}' QueryLanguage`, member(place, field), {
      seenAt: place,
      atKey: true,
      hint: instead === undefined ? undefined : `${language} has ${instead} for that.`,
    });
  }
}
