import { readFileSync } from 'node:fs';
import { judge, verdictOf } from '../goals.mjs';
import { figure } from '../lib/print.mjs';
import { BUSY } from '../lib/results.mjs';
import { chartsOf } from './charts.mjs';

const own = (file) => readFileSync(new URL(file, import.meta.url), 'utf8');
/** The library as one script; without the name of its source map, which a browser would ask for. */
const library = () => readFileSync(new URL('chart.umd.min.js', import.meta.resolve('chart.js')), 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n');

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
export const escape = (text) => String(text).replace(/[&<>"']/g, (character) => ESCAPES[character]);

/** No text in it ends the element that it stands in. */
const script = (text) => text.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');

/** The results of a run as one page, with nothing to be fetched: script, library, style and data are in it. */
export function pageOf(results) {
  const { rows, skipped } = results;
  const charts = chartsOf(rows);
  const title = `Millrace benchmarks, ${results.date.slice(0, 10)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}</title>
<link rel="icon" href="data:,">
<style>${own('page.css')}</style>
</head>
<body>
<header>
<div class="top"><p class="brand">Millrace</p><button type="button" id="theme" aria-label="Switch between light and dark">Dark</button></div>
<h1>Benchmarks</h1>
<p class="lead">Every figure is quoted beside a baseline that ran in turn with it, on the same machine, in the same run, with its outputs proved equal first.</p>
<dl class="facts">${factsOf(results).map(([name, value]) => `<div><dt>${escape(name)}</dt><dd>${escape(value)}</dd></div>`).join('')}</dl>
${results.settings.smoke ? '<p class="notice">A smoke run: one tiny round of everything. These figures mean nothing.</p>' : ''}
</header>
<main>
${goalsOf(results)}
${charts.map(chartSection).join('\n')}
${guaranteesOf(rows)}
${tableOf(rows)}
${skipped.length > 0 ? `<section><h2>Not run</h2><ul>${skipped.map(({ suite, why }) => `<li><b>${escape(suite)}</b>: ${escape(why)}</li>`).join('')}</ul></section>` : ''}
</main>
<footer>${escape(rows.length)} rows. Spread: smallest and largest of the rounds. Ratio: the median of the rounds’ own ratios.</footer>
<script type="application/json" id="charts">${JSON.stringify(charts).replaceAll('<', '\\u003c')}</script>
<script>${script(library())}</script>
<script>${script(own('client.js'))}</script>
</body>
</html>
`;
}

function factsOf({ date, revision, node, cpu, loadBefore, memoryBytes, platform, settings }) {
  return [
    ['Date', `${date.slice(0, 16).replace('T', ' ')} UTC`],
    ['Revision', revision === null ? 'unknown' : `${revision.commit.slice(0, 10)}${revision.changed ? ', with changes' : ''}`],
    ['Node', node],
    ['Processor', cpu.model],
    ['Cores', String(cpu.cores)],
    ['Memory', `${Math.round(memoryBytes / 1024 ** 3)} GB`],
    ['Platform', platform],
    ['Rounds', `${settings.rounds}, in turn${loadBefore > BUSY ? '; the machine was busy before' : ''}`],
  ];
}

function goalsOf({ rows, node }) {
  const judged = judge(rows, node);
  const run = judged.filter(({ met }) => met !== undefined);
  if (run.length === 0) return '';
  const met = run.filter((goal) => goal.met).length;
  const lines = run.map((goal) => {
    const state = goal.met ? 'met' : 'missed';
    const by = goal.met && goal.byPercent > 0 ? `<small>${escape(figure(Math.abs(goal.byPercent)))} % to spare</small>` : '';
    return `<tr class="${state}"><td>${escape(goal.path)}</td><td class="number">${escape(goal.bound)}</td><td class="number">${escape(goal.measured ?? '')}</td><td><span class="badge">${escape(verdictOf(goal))}</span> ${by}</td></tr>`;
  });
  const missing = judged.filter((goal) => goal.met === undefined).map((goal) => `<li>${escape(goal.path)}: ${escape(goal.bound)}</li>`);
  const notRun = missing.length === 0 ? '' : `<details><summary>${missing.length} goals whose suites were not run</summary><ul>${missing.join('')}</ul></details>`;
  return `<section id="goals"><h2>Goals <small>${met} of ${run.length} met${run.length < judged.length ? `, ${judged.length - run.length} not run` : ''}</small></h2>
<div class="scroll"><table><thead><tr><th>Goal</th><th class="number">Bound</th><th class="number">Measured</th><th>Verdict</th></tr></thead><tbody>${lines.join('')}</tbody></table></div>${notRun}</section>`;
}

const chartSection = ({ id, title, note, wide, panels }) => `<section id="${escape(id)}"><h2>${escape(title)}</h2>
<p>${escape(note)}</p>
<div class="panels${panels.length > 1 && !wide ? ' several' : ''}">${panels
  .map((panel, at) => `<figure><figcaption>${escape(panel.title ?? '')}</figcaption><div class="canvas" style="--lines: ${panel.lines ?? 9}"><canvas role="img" aria-label="${escape(`${title}: ${panel.title ?? note}. The figures are in the table of all rows.`)}" data-chart="${escape(id)}" data-panel="${at}"></canvas></div></figure>`)
  .join('')}</div></section>`;

function guaranteesOf(rows) {
  const promising = rows.filter(({ guarantees }) => guarantees !== undefined);
  if (promising.length === 0) return '';
  const lines = promising.map((row) => `<tr><td>${escape(row.case)}</td><td>${escape(row.guarantees)}</td><td><b>${escape(row.baseline.name)}</b>: ${escape(row.baseline.guarantees)}</td></tr>`);
  return `<section id="guarantees"><h2>What each side guarantees</h2><p>A figure beside another one says little where the two promise different things.</p>
<div class="scroll"><table><thead><tr><th>Case</th><th>Millrace</th><th>The other side</th></tr></thead><tbody>${lines.join('')}</tbody></table></div></section>`;
}

function tableOf(rows) {
  const spread = ([low, high]) => `${figure(low)} – ${figure(high)}`;
  const both = (row, of) => [of(row), of(row.baseline)].map((value) => (value === undefined ? '' : escape(value))).map((text, at) => (at === 0 ? text : text && `<small>${text}</small>`));
  const cell = (row, of) => `<td class="number">${both(row, of).join('<br>')}</td>`;
  const lines = rows.map(
    (row) => `<tr><td><b>${escape(row.suite)}</b><br>${escape(row.case)}</td>
<td class="number">${escape(figure(row.value))} ${escape(row.unit)}<br><small>${escape(spread(row.spread))}</small></td>
<td>${escape(row.baseline.name)}<br><small>${escape(figure(row.baseline.value))}</small></td>
<td class="number">${escape(figure(row.ratio))}<br><small>${escape(spread(row.ratioSpread))}</small></td>
${cell(row, ({ latencyMs }) => latencyMs && `${figure(latencyMs.p50)} / ${figure(latencyMs.p99)} / ${figure(latencyMs.p999)} ms`)}
${cell(row, ({ cpuMsPer1000 }) => cpuMsPer1000 && `${figure(cpuMsPer1000)} ms`)}
${cell(row, ({ rssBytes }) => rssBytes && `${Math.round(rssBytes / 1024 ** 2)} MB`)}</tr>${detailsOf(row)}`,
  );
  return `<section id="rows"><h2>All rows</h2><p>Small print: the spread over the rounds, and the baseline’s own figures.</p>
<div class="scroll"><table class="all"><thead><tr><th>Suite and case</th><th class="number">Value</th><th>Baseline</th><th class="number">Ratio</th><th class="number">Latency p50 / p99 / p99.9</th><th class="number">Processor time of 1,000</th><th class="number">Memory</th></tr></thead><tbody>${lines.join('')}</tbody></table></div></section>`;
}

function detailsOf({ details }) {
  if (details === undefined) return '';
  const items = Object.entries(details).map(([name, value]) => `${escape(name)}: ${escape(typeof value === 'number' ? figure(value) : value)}`);
  return `<tr class="details"><td colspan="7"><small>${items.join(' · ')}</small></td></tr>`;
}
