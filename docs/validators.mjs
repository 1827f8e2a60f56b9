// Renders a schema as the code of its ajv validators, so that a process neither loads ajv nor compiles the schema when it starts.
import standalone from 'ajv/dist/standalone/index.js';
import { Ajv } from 'ajv';

const HEADER = `// @ts-nocheck
/* oxlint-disable */
/* What ajv makes of a schema; written by docs/generate.mjs, and held equal to it by test/docs.test.ts. */
`;
/** Keywords that ajv passes over. What is left of the schema is what errors show of it. */
const NOTES = new Set(['title', 'description', 'examples', 'default', 'writeOnly', 'exactlyOne', 'atMostOne', '$schema']);

/** The validators of src/asl/validate/structure.ts: of a machine, and of a state alone. */
export const renderStructureValidators = (schema) =>
  renderValidators(schema, { allErrors: true, discriminator: true, verbose: true, ownProperties: true, strict: false, inlineRefs: false }, { checkMachine: '', checkState: '#/definitions/state' });

/** The validator of src/config/check.ts. */
export const renderConfigValidators = (schema) => renderValidators(schema, { allErrors: true, allowUnionTypes: true, inlineRefs: false }, { checkConfig: '' });

/** `exported`: the names under which validators are exported, and the places in the schema that they check. */
function renderValidators(schema, options, exported) {
  const ajv = new Ajv({ ...options, code: { source: true, esm: true } });
  ajv.addSchema(withoutNotes(schema), 'schema');
  const refs = Object.fromEntries(Object.entries(exported).map(([name, pointer]) => [name, `schema${pointer}`]));
  return HEADER + withImports(standalone.default(ajv, refs).replace(/^"use strict";/, '')).replaceAll(/(?<=[;}])(?=(?:function|const|export const) \w+(?: =|\())/g, '\n') + '\n';
}

/** ajv asks for its own parts by require, also in an ES module. */
const withImports = (code) =>
  code.includes('require(') ? `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n${code}` : code;

function withoutNotes(schema, isMap = false) {
  if (Array.isArray(schema)) return schema.map((item) => withoutNotes(item));
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key]) => isMap || !NOTES.has(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutNotes(value, !isMap && (key === 'properties' || key === 'definitions'))]));
}
