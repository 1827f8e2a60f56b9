// Writes the generated pages and schemas of this folder, and the code of the schemas' validators, from the built package: npm run build && node docs/generate.mjs
import { writeFileSync } from 'node:fs';
import { ASL_SCHEMA } from '../dist/asl/validate/schema.js';
import { CONFIG_SCHEMA } from '../dist/config/schema.js';
import { withDefinitions } from '../dist/config/schema-definitions.js';
import { renderConfigurationDoc } from '../dist/config/config-doc.js';
import { renderEditorSchema } from '../dist/config/editor-schema.js';
import { renderErrorsDoc } from '../dist/config/errors-doc.js';
import { renderMetricsDoc } from '../dist/telemetry/metrics-doc.js';
import { renderConfigValidators, renderStructureValidators } from './validators.mjs';

const files = {
  'asl.schema.json': `${JSON.stringify(ASL_SCHEMA, null, 2)}\n`,
  'configuration.md': renderConfigurationDoc(),
  'errors.md': renderErrorsDoc(),
  'metrics.md': renderMetricsDoc(),
  'millrace.schema.json': renderEditorSchema(),
  '../src/asl/validate/structure-validators.ts': renderStructureValidators(ASL_SCHEMA),
  '../src/config/config-validators.ts': renderConfigValidators(withDefinitions(CONFIG_SCHEMA)),
};

for (const [name, text] of Object.entries(files)) {
  writeFileSync(new URL(name, import.meta.url), text);
  console.log(`docs/${name}`);
}
