import { strict as assert } from 'node:assert';

const choice = {
  JSONPath: { Type: 'Choice', Choices: [{ Variable: '$.temperature', NumericGreaterThan: 30, Next: 'Hot' }], Default: 'Mild' },
  JSONata: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.temperature > 30 %}', Next: 'Hot' }], Default: 'Mild' },
};
const machine = (language, pass) => ({
  ...(language === 'JSONata' ? { QueryLanguage: 'JSONata' } : {}),
  StartAt: 'HowHot',
  States: { HowHot: choice[language], Hot: { ...pass('hot'), Next: 'Done' }, Mild: { ...pass('mild'), Next: 'Done' }, Done: { Type: 'Succeed' } },
});

/** The machine that every suite runs: Choice → Pass → Succeed; the reading gets a level, all else stays. */
export const definition = machine('JSONPath', (level) => ({ Type: 'Pass', Result: level, ResultPath: '$.level' }));

/** The same machine in JSONata. */
export const jsonataDefinition = machine('JSONata', (level) => ({ Type: 'Pass', Output: `{% $merge([$states.input, {"level": "${level}"}]) %}` }));

/** What a programmer would write by hand. */
export const byHand = (event) => (event.temperature > 30 ? { ...event, level: 'hot' } : { ...event, level: 'mild' });

/** A second machine of the same shape whose Pass picks fields: for hand-written code next to nothing. */
export const pickDefinition = machine('JSONPath', (level) => ({ Type: 'Pass', Parameters: { 'device.$': '$.device', 'temperature.$': '$.temperature', level } }));
export const pickJsonataDefinition = machine('JSONata', (level) => ({
  Type: 'Pass',
  Output: { device: '{% $states.input.device %}', temperature: '{% $states.input.temperature %}', level },
}));
export const pickByHand = ({ device, temperature }) => (temperature > 30 ? { device, temperature, level: 'hot' } : { device, temperature, level: 'mild' });

/** Events as JSON texts of 145 bytes each, all different. */
export function events(count) {
  const texts = [];
  for (let i = 0; i < count; i++) {
    const event = {
      device: `sensor-${String(i % 9973).padStart(5, '0')}`,
      temperature: 10 + (i % 40),
      humidity: 40 + (i % 50),
      at: new Date(1_760_000_000_000 + i * 1000).toISOString(),
      site: 'plant-7',
      unit: 'celsius',
      note: '',
    };
    event.note = 'x'.repeat(145 - JSON.stringify(event).length);
    texts.push(JSON.stringify(event));
  }
  assert(texts.every((text) => Buffer.byteLength(text) === 145));
  return texts;
}
