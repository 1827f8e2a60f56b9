import type { TaskResolver } from '../asl/types.ts';
import type { Integration, IntegrationContext } from './integration.ts';
import { lambdaFunction, lambdaInvoke } from './lambda.ts';

/** One line for each family of Task resources; the first that matches serves. */
export const INTEGRATIONS: readonly Integration[] = [lambdaInvoke, lambdaFunction];

/** Binds Resources to the integrations of the table. */
export function createTaskResolver(context: IntegrationContext): TaskResolver {
  return (resource) => INTEGRATIONS.find((integration) => integration.matches(resource))?.bind(resource, context);
}
