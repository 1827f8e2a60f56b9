import type { Json } from '../types.ts';
import { checkAssign } from './assign.ts';
import { checkResultPath, checkTemplate } from './data-fields.ts';
import { checkExpressions } from './expressions.ts';
import { checkFields } from './language.ts';
import { item, member, type Place, type Report } from './report.ts';
import { isObject, own, type StateCheck } from './state-check.ts';

/** Checks the retriers and catchers of a state. */
export function checkRetryAndCatch(check: StateCheck): void {
  const { definition, place, report } = check;
  const retriers = own(definition, 'Retry');
  if (Array.isArray(retriers)) {
    checkStatesAll(retriers, member(place, 'Retry'), report);
    retriers.forEach((retrier, index) => {
      if (!isObject(retrier)) return;
      const at = item(member(place, 'Retry'), index);
      const delay = own(retrier, 'MaxDelaySeconds');
      const interval = own(retrier, 'IntervalSeconds') ?? 1;
      if (typeof delay === 'number' && typeof interval === 'number' && delay <= interval) {
        report.schema('MaxDelaySeconds must be greater than IntervalSeconds', member(at, 'MaxDelaySeconds'), { seenAt: at, hint: `IntervalSeconds is ${String(interval)}${own(retrier, 'IntervalSeconds') === undefined ? ' when absent' : ''}.` });
      }
    });
  }
  const catchers = own(definition, 'Catch');
  if (!Array.isArray(catchers)) return;
  checkStatesAll(catchers, member(place, 'Catch'), report);
  catchers.forEach((catcher, index) => {
    if (!isObject(catcher)) return;
    const at = item(member(place, 'Catch'), index);
    checkFields(check, catcher, at, false);
    checkAssign(check, catcher, at);
    const assign = own(catcher, 'Assign');
    if (check.language === 'JSONata') {
      for (const field of ['Output', 'Assign']) {
        const value = own(catcher, field);
        if (value !== undefined) checkExpressions(check, value, member(at, field), 'errorOutput');
      }
    } else {
      checkResultPath(check, own(catcher, 'ResultPath'), member(at, 'ResultPath'));
      if (assign !== undefined) checkTemplate(check, assign, member(at, 'Assign'));
    }
  });
}

/** States.ALL takes everything, so what stands beside or behind it could never be reached. */
function checkStatesAll(entries: readonly Json[], place: Place, report: Report): void {
  entries.forEach((entry, index) => {
    const names = isObject(entry) ? own(entry, 'ErrorEquals') : undefined;
    if (!Array.isArray(names) || !names.includes('States.ALL')) return;
    if (names.length > 1 || index < entries.length - 1) {
      report.schema('States.ALL must appear alone and at end of list', member(item(place, index), 'ErrorEquals'));
    }
  });
}
