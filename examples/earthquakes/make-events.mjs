// Writes the 1,707 earthquake reports of one week, as the USGS published them, one to a line:
//   node examples/earthquakes/make-events.mjs events.ndjson
// They come with the npm package vega-datasets, a development dependency of this project.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const target = process.argv[2] ?? 'events.ndjson';
const library = dirname(fileURLToPath(import.meta.resolve('vega-datasets')));
const { features } = JSON.parse(readFileSync(join(library, '../data/earthquakes.json'), 'utf8'));
writeFileSync(target, features.map((feature) => `${JSON.stringify(feature)}\n`).join(''));
process.stderr.write(`${features.length} events written to ${target}\n`);
