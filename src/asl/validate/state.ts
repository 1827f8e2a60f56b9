import { parseTimestamp } from '../timestamp.ts';
import { checkAssign } from './assign.ts';
import { checkChoices } from './choices.ts';
import { checkDataFields } from './data-fields.ts';
import { checkLanguage } from './language.ts';
import { checkMap } from './map-state.ts';
import { member } from './report.ts';
import { checkCredentials, checkResource } from './resource.ts';
import { checkRetryAndCatch } from './retry-catch.ts';
import { own, type StateCheck } from './state-check.ts';

const PAIRS: readonly (readonly [string, string])[] = [
  ['TimeoutSeconds', 'TimeoutSecondsPath'], ['HeartbeatSeconds', 'HeartbeatSecondsPath'], ['MaxConcurrency', 'MaxConcurrencyPath'],
  ['ToleratedFailureCount', 'ToleratedFailureCountPath'], ['ToleratedFailurePercentage', 'ToleratedFailurePercentagePath'],
  ['Error', 'ErrorPath'], ['Cause', 'CausePath'], ['Parameters', 'ItemSelector'],
];

/** Checks what the schema cannot say about one state. */
export function checkState(check: StateCheck): void {
  const { definition, place, report } = check;
  checkLanguage(check);
  for (const [literal, path] of PAIRS) {
    if (own(definition, literal) !== undefined && own(definition, path) !== undefined && !(path === 'ItemSelector' && check.type !== 'Map')) {
      report.schema(`There should only be one of the following fields: [${literal}, ${path}]`, place, { atKey: true });
    }
  }
  checkDataFields(check);
  checkAssign(check, definition, place);
  checkRetryAndCatch(check);
  if (check.type === 'Task') {
    checkResource(check);
    checkCredentials(check);
    const heartbeat = own(definition, 'HeartbeatSeconds');
    const timeout = own(definition, 'TimeoutSeconds') ?? Infinity;
    if (typeof heartbeat === 'number' && typeof timeout === 'number' && heartbeat >= timeout) {
      report.schema('HeartbeatSeconds must be smaller than TimeoutSeconds', member(place, 'HeartbeatSeconds'), { seenAt: place });
    }
  } else if (check.type === 'Choice') {
    checkChoices(check);
  } else if (check.type === 'Map') {
    checkMap(check);
  } else if (check.type === 'Wait') {
    const timestamp = own(definition, 'Timestamp');
    if (typeof timestamp === 'string' && !(check.language === 'JSONata' && timestamp.startsWith('{%')) && parseTimestamp(timestamp) === null) {
      report.schema('String does not match RFC3339 timestamp', member(place, 'Timestamp'), { hint: 'As in 2030-01-31T12:00:00Z.' });
    }
  } else if (check.type === 'Pass') {
    const result = own(definition, 'Result');
    if (typeof result === 'string' && /^\$\$?[.[]/.test(result) && check.language === 'JSONPath') {
      report.add('PASS_RESULT_IS_STATIC', 'Result is taken literally; a path in it is not evaluated.', member(place, 'Result'), { severity: 'WARNING', hint: 'Parameters takes paths.' });
    }
  }
}
