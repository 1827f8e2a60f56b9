/* The workflow of the soak, and its events: most end at once, some wait, some fail, some succeed only when they are tried again. */

export const definition = {
  StartAt: 'Kind',
  States: {
    Kind: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.kind', StringEquals: 'wait', Next: 'Wait' },
        { Variable: '$.kind', StringEquals: 'flaky', Next: 'Flaky' },
        { Variable: '$.kind', StringEquals: 'fail', Next: 'Refuse' },
      ],
      Default: 'Level',
    },
    Level: { Type: 'Pass', Result: 'mild', ResultPath: '$.level', Next: 'Done' },
    Wait: { Type: 'Wait', Seconds: 1, Next: 'Level' },
    Flaky: {
      Type: 'Task',
      Resource: 'flaky',
      Parameters: { 'event.$': '$', 'retries.$': '$$.State.RetryCount' },
      Retry: [{ ErrorEquals: ['NotYet'], IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 1 }],
      Next: 'Done',
    },
    Refuse: { Type: 'Fail', Error: 'Refused', Cause: 'The event asks for it.' },
    Done: { Type: 'Succeed' },
  },
};

export const functions = {
  'flaky.mjs': `export const handler = async ({ event, retries }) => {
  if (retries === 0) throw Object.assign(new Error('once more'), { name: 'NotYet' });
  return event;
};
`,
};

/** Of a thousand events: 5 fail, 20 are tried again, 30 wait. */
const kindOf = (i) => (i % 1000 < 5 ? 'fail' : i % 1000 < 25 ? 'flaky' : i % 1000 < 55 ? 'wait' : 'quick');

export const failsOf = (total) => Math.floor(total / 1000) * 5 + Math.min(5, total % 1000);

/** An event of about 118 bytes. */
export const eventOf = (i) => `{"i":${i},"kind":"${kindOf(i)}","device":"sensor-${String(i % 9973).padStart(5, '0')}","temperature":${10 + (i % 40)},"at":${1_760_000_000_000 + i},"note":"xxxxxxxx"}`;
