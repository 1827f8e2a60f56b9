import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import type { Sender } from '../load/contract.ts';
import { Meter } from '../load/meter.ts';
import type { LoadPlan } from '../load/plan.ts';
import { LoadRun } from '../load/run.ts';
import { EXIT } from './exit-codes.ts';
import { dashboard, type DashboardView } from './load-dashboard.ts';
import { grouped, latencyText } from './load-numbers.ts';
import { type LoadFlags, planOf } from './load-plan.ts';
import { openScreen } from './load-screen.ts';
import { exceeded, summaryJson, summaryText } from './load-summary.ts';
import { parseThreshold } from './load-thresholds.ts';
import { wantsColor } from './output.ts';

/** Connects to what events are sent to. @throws UsageError, MillraceError */
export type OpenSender = (timeoutMs: number) => Promise<Sender>;

const DRAW_MS = 250;
const LINE_MS = 5000;

/** Sends events as the flags say, shows how it goes, sums up, and answers the exit code. @throws UsageError, MillraceError */
export async function loadCommand(flags: LoadFlags, open: OpenSender): Promise<number> {
  const plan = planOf(flags);
  const thresholds = (flags.failIf ?? []).map(parseThreshold);
  const sender = await open(plan.timeoutMs);
  const meter = new Meter();
  const startedAt = new Date().toISOString();
  const loop = performance.eventLoopUtilization();
  const cpu = process.cpuUsage();
  const run = new LoadRun(sender, plan, meter);
  let signalled: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (signalled !== undefined) process.exit(exitOf(signal));
    signalled = signal;
    run.stop();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const display = showRun(run, meter, sender, plan, flags.plain !== true && process.stderr.isTTY);
  try {
    const end = await run.toEnd();
    display.stop();
    const { user, system } = process.cpuUsage(cpu);
    const effort = { busy: performance.eventLoopUtilization(loop).utilization, cpuSeconds: (user + system) / 1e6 };
    const summary = { target: sender.target, startedAt, warmUpSeconds: plan.warmUp, openLoop: plan.shape !== undefined, targetRate: plan.targetRate, meter, end, effort, thresholds, interrupted: signalled !== undefined };
    process.stdout.write(flags.json === true ? summaryJson(summary) : summaryText(summary));
    if (signalled !== undefined) return exitOf(signalled);
    return exceeded(summary).length > 0 ? EXIT.failed : EXIT.done;
  } finally {
    display.stop();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    await sender.close();
  }
}

const exitOf = (signal: NodeJS.Signals): number => (signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated);

/** A dashboard on a terminal, a line every few seconds elsewhere. */
function showRun(run: LoadRun, meter: Meter, sender: Sender, plan: LoadPlan, onTerminal: boolean): { stop(): void } {
  const rates = recentRates(meter);
  let ended = false;
  const view = (): DashboardView => ({ ended, target: sender.target, warmUp: plan.warmUp, duration: plan.duration, ...runView(run, meter, rates()) });
  if (!onTerminal) {
    const timer = setInterval(() => process.stderr.write(`${progressLine(view())}\n`), LINE_MS);
    return { stop: () => clearInterval(timer) };
  }
  const { stderr } = process;
  const color = wantsColor(stderr);
  const screen = openScreen(stderr, (columns) => dashboard(view(), columns, color));
  screen.draw();
  const timer = setInterval(() => screen.draw(), DRAW_MS);
  return {
    stop() {
      if (ended) return;
      ended = true;
      clearInterval(timer);
      screen.close();
    },
  };
}

type Rates = Pick<DashboardView, 'rate' | 'bytesPerSecond' | 'busy'>;

function runView(run: LoadRun, meter: Meter, rates: Rates): Omit<DashboardView, 'target' | 'warmUp' | 'duration' | 'ended'> {
  const { elapsed, inFlight, behind, target, draining } = run.state;
  return { elapsed, inFlight, behind, draining, targetRate: target, ...meter.total, ...rates, latency: meter.latency, seconds: meter.seconds, rejections: [...meter.rejections] };
}

const WINDOW = 8;

/** Over the last drawings; a warm-up does not count. */
function recentRates(meter: Meter): () => Rates {
  const sample = (): { atMs: number; ok: number; bytes: number; loop: EventLoopUtilization } => ({ atMs: performance.now(), ok: meter.total.ok, bytes: meter.total.bytes, loop: performance.eventLoopUtilization() });
  const samples = [sample()];
  return () => {
    const now = sample();
    samples.push(now);
    if (samples.length > WINDOW) samples.shift();
    const { atMs, ok, bytes, loop } = samples[0]!;
    const seconds = Math.max(1e-3, (now.atMs - atMs) / 1000);
    return { rate: (now.ok - ok) / seconds, bytesPerSecond: (now.bytes - bytes) / seconds, busy: performance.eventLoopUtilization(now.loop, loop).utilization };
  };
}

function progressLine({ elapsed, rate, targetRate, ok, refused, failed, inFlight, behind, latency }: DashboardView): string {
  const of = targetRate === null ? '' : ` of ${grouped(targetRate)}/s`;
  const times = latency === null ? '' : `, p50 ${latencyText(latency.p50)}, p99 ${latencyText(latency.p99)}`;
  return `${elapsed.toFixed(0)} s: ${grouped(rate)}/s${of}, ${grouped(ok)} ok, ${grouped(refused)} refused, ${grouped(failed)} failed, ${grouped(inFlight)} in flight, ${grouped(behind)} behind${times}`;
}
