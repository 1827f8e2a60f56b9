import { member } from './report.ts';
import { isObject, own, type StateCheck } from './state-check.ts';

const DISTRIBUTED_ONLY: readonly string[] = ['ItemReader', 'ItemBatcher', 'ResultWriter'];
const LONGEST_LABEL = 40;

/** Checks the mode of a Map state. An Express machine has inline maps only, on AWS and here. */
export function checkMap(check: StateCheck): void {
  const { definition, place, report } = check;
  const field = own(definition, 'ItemProcessor') === undefined ? 'Iterator' : 'ItemProcessor';
  const processor = own(definition, field);
  const config = isObject(processor) ? own(processor, 'ProcessorConfig') : undefined;
  const mode = isObject(config) ? own(config, 'Mode') : undefined;
  const at = member(member(place, field), 'ProcessorConfig');
  if (isObject(config)) {
    const executionType = own(config, 'ExecutionType');
    if (mode === 'DISTRIBUTED' && executionType === undefined) report.schema('These fields are required: [ExecutionType]', at, { atKey: true });
    if (mode === 'INLINE' && executionType !== undefined) report.schema("Field 'ExecutionType' is not supported", member(at, 'ExecutionType'), { seenAt: at, atKey: true });
  }
  if (mode === 'DISTRIBUTED' && check.express) {
    report.schema("The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines", member(at, 'Mode'), { hint: 'Use "Mode": "INLINE".' });
  } else if (check.express) {
    for (const unsupported of DISTRIBUTED_ONLY) {
      if (own(definition, unsupported) !== undefined) report.schema(`Field '${unsupported}' is not supported`, member(place, unsupported), { seenAt: place, atKey: true, hint: 'Only a Distributed Map takes it.' });
    }
  }
  const label = own(definition, 'Label');
  if (typeof label === 'string' && [...label].length > LONGEST_LABEL) {
    report.add('INVALID_LABEL_NAME', `Label name '${label}' exceeds the ${String(LONGEST_LABEL)}-character limit allowed by the service`, member(place, 'Label'));
  }
}
