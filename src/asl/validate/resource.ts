import { integrationPattern, knownIntegrations } from './integrations.ts';
import { member } from './report.ts';
import { isObject, own, type StateCheck } from './state-check.ts';
import { didYouMean } from './suggest.ts';

const ACTIVITY = /^arn:[^:]+:states:[^:]+:[^:]+:activity:[^:]+$/;
const FUNCTION = /^arn:[^:]+:lambda:[^:]*:[^:]*:function:[^:]+(?::[^:]+)?$/;
const INTEGRATION_PREFIX = /^arn:[^:]+:states:::/;
/** What Millrace takes beside ARNs: the bare name of a function. */
const BARE_NAME = /^[A-Za-z0-9_.-]+$/;

/** Checks the Resource of a Task, and what AWS does not let an Express machine call. */
export function checkResource(check: StateCheck): void {
  const { definition, report } = check;
  const resource = own(definition, 'Resource');
  if (typeof resource !== 'string') return;
  const place = member(check.place, 'Resource');
  const offered = check.taskResources?.(resource);
  const refused = check.express && check.strict;

  if (ACTIVITY.test(resource)) {
    if (refused) report.schema('Express state machine does not support Activity ARN', place);
    if (own(definition, 'Credentials') !== undefined) report.schema("The field 'Credentials' is not supported for activities", member(check.place, 'Credentials'), { atKey: true });
  } else if (INTEGRATION_PREFIX.test(resource)) {
    const pattern = integrationPattern(resource);
    if (pattern === undefined && (check.strict || offered !== true)) {
      report.schema(`The resource provided ${resource} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.`, place,
        { hint: didYouMean(resource, knownIntegrations()) });
      return;
    }
    // AWS's own text ends in a space.
    if (refused && pattern !== undefined && pattern !== '') report.schema(`Express state machine does not support '${pattern.startsWith('.sync') ? '.sync' : pattern}' service integration `, place);
  } else if (resource.startsWith('arn:')) {
    if (!FUNCTION.test(resource) && offered !== true) {
      report.schema(`The resource provided ${resource} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.`, place);
      return;
    }
  } else if (check.strict || (!BARE_NAME.test(resource) && offered !== true)) {
    report.schema('Value is not a valid resource ARN', place, { hint: BARE_NAME.test(resource) ? 'With compatibility: extended, a bare name calls the function of that name.' : undefined });
    return;
  }
  if (offered === false && !check.strict) {
    report.add('RESOURCE_NOT_OFFERED', `Nothing here offers the resource '${resource}'; the state fails when it is reached.`, place, { severity: 'WARNING' });
  }
}

/** Credentials need a role, given as it is or by a path. */
export function checkCredentials(check: StateCheck): void {
  const credentials = own(check.definition, 'Credentials');
  if (!isObject(credentials)) return;
  if (own(credentials, 'RoleArn') === undefined && own(credentials, 'RoleArn.$') === undefined) {
    check.report.schema("The field 'RoleArn' is required but was missing", member(check.place, 'Credentials'), { atKey: true });
  }
}
