/* Draws the charts of the page. `Chart` is Chart.js, which stands before this. */
(() => {
  const charts = JSON.parse(document.getElementById('charts').textContent);
  const button = document.getElementById('theme');
  const system = matchMedia('(prefers-color-scheme: dark)');
  const drawn = [];

  const kept = () => {
    try {
      return localStorage.getItem('theme');
    } catch {
      return null;
    }
  };
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const number = (value) => (value === 0 ? '0' : Number(value.toPrecision(3)).toLocaleString('en'));
  const narrow = () => innerWidth < 640;

  /** A label in lines that a narrow screen has room for. */
  const wrap = ([suite, name]) => {
    if (!narrow()) return `${suite}: ${name}`;
    const lines = [suite];
    let line = '';
    for (const word of name.split(' ')) {
      if (line !== '' && line.length + word.length > 17) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    return [...lines, line];
  };

  /** Powers of ten, and twos and fives between them where the axis is short. */
  const logTicks = (axis) => {
    const decades = Math.log10(axis.max / axis.min);
    const steps = decades > 3 ? [1] : decades > 1.2 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
    const ticks = [];
    for (let power = Math.floor(Math.log10(axis.min)); power <= Math.ceil(Math.log10(axis.max)); power++) {
      for (const step of steps) ticks.push(step * 10 ** power);
    }
    axis.ticks = ticks.filter((value) => value >= axis.min * 0.999 && value <= axis.max * 1.001).map((value) => ({ value }));
  };
  const logAxis = (title, more = {}) => ({
    type: 'logarithmic',
    title: { display: title !== '', text: title, color: color('quiet') },
    grid: { color: color('line') },
    border: { display: false },
    afterBuildTicks: logTicks,
    ticks: { color: color('quiet'), callback: number, maxRotation: 0, autoSkipPadding: 12 },
    ...more,
  });
  const names = { grid: { display: false }, border: { display: false }, ticks: { color: color('text'), autoSkip: false, crossAlign: 'far' } };
  const base = (more = {}) => ({
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    ...more,
    plugins: { legend: { display: false }, ...more.plugins },
  });
  const legend = () => ({ display: true, position: 'top', align: 'start', labels: { color: color('text'), usePointStyle: true, boxHeight: 7, padding: 14 } });

  /** The upright line at the baseline, and a whisker through each dot. */
  const whiskers = (points) => ({
    id: 'whiskers',
    beforeDatasetsDraw({ ctx, scales: { x }, chartArea }) {
      ctx.save();
      ctx.strokeStyle = color('baseline');
      ctx.lineWidth = 1.5;
      ctx.beginPath();
      ctx.moveTo(x.getPixelForValue(1), chartArea.top);
      ctx.lineTo(x.getPixelForValue(1), chartArea.bottom);
      ctx.stroke();
      ctx.restore();
    },
    afterDatasetsDraw(chart) {
      const { ctx, scales: { x } } = chart;
      const dots = chart.getDatasetMeta(0).data;
      ctx.save();
      ctx.lineWidth = 2;
      ctx.font = `600 ${narrow() ? 10 : 12}px ${Chart.defaults.font.family}`;
      for (const [at, point] of points.entries()) {
        const [from, to] = [x.getPixelForValue(point.low), x.getPixelForValue(point.high)];
        const height = dots[at].y;
        ctx.strokeStyle = color(point.value >= 1 ? 'ours' : 'short');
        ctx.beginPath();
        ctx.moveTo(from, height);
        ctx.lineTo(to, height);
        for (const end of [from, to]) {
          ctx.moveTo(end, height - 4);
          ctx.lineTo(end, height + 4);
        }
        ctx.stroke();
        const text = `${number(point.value)}×`;
        const right = to + 8;
        ctx.fillStyle = color('text');
        ctx.textBaseline = 'middle';
        // At the right edge the figure stands to the left of its whisker.
        const fits = right + ctx.measureText(text).width <= chart.width;
        ctx.textAlign = fits ? 'left' : 'right';
        // Lines behind the figure would make it hard to read.
        ctx.strokeStyle = color('card');
        ctx.lineWidth = 4;
        ctx.strokeText(text, fits ? right : from - 8, height);
        ctx.fillText(text, fits ? right : from - 8, height);
        ctx.lineWidth = 2;
      }
      ctx.restore();
    },
  });

  const kinds = {
    ratios: ({ points }) => {
      const [low, high] = [Math.min(0.8, ...points.map((point) => point.low)), Math.max(1.25, ...points.map((point) => point.high))];
      return {
        type: 'line',
        plugins: [whiskers(points)],
        data: {
          labels: points.map(({ label }) => wrap(label)),
          datasets: [{ data: points.map(({ value }) => value), showLine: false, pointRadius: 5, pointHoverRadius: 6, pointBackgroundColor: points.map(({ value }) => color(value >= 1 ? 'ours' : 'short')), pointBorderColor: color('card'), pointBorderWidth: 1 }],
        },
        options: base({
          indexAxis: 'y',
          interaction: { mode: 'nearest', axis: 'y', intersect: false },
          scales: { x: logAxis('times the baseline', { min: low / 1.15, max: high * 1.6 }), y: { ...names, offset: true } },
          plugins: { tooltip: { callbacks: { label: ({ dataIndex }) => `${points[dataIndex].text} (${number(points[dataIndex].low)} to ${number(points[dataIndex].high)})` } } },
        }),
      };
    },
    pairs: ({ points }) => ({
      type: 'bar',
      data: {
        labels: points.map(({ label }) => wrap(label)),
        datasets: [
          { label: 'Millrace', data: points.map(({ ours }) => ours), backgroundColor: color('ours'), borderRadius: 3, barPercentage: 0.9, categoryPercentage: 0.72 },
          { label: 'the baseline', data: points.map(({ baseline }) => baseline), backgroundColor: color('theirs'), borderRadius: 3, barPercentage: 0.9, categoryPercentage: 0.72 },
        ],
      },
      options: base({
        indexAxis: 'y',
        interaction: { mode: 'index', axis: 'y', intersect: false },
        scales: { x: logAxis('ms of processor time for 1,000', { min: Math.min(...points.flatMap(({ ours, baseline }) => [ours, baseline])) / 1.6 }), y: names },
        plugins: { legend: legend(), tooltip: { callbacks: { label: ({ dataset, dataIndex, raw }) => `${dataset.label === 'Millrace' ? 'Millrace' : points[dataIndex].baselineName}: ${number(raw)} ms` } } },
      }),
    }),
    percentiles: ({ curves }) => ({
      type: 'line',
      data: {
        datasets: curves.map(({ name, points }, at) => ({
          label: name,
          data: points.map(([percentile, ms]) => ({ x: Math.log10(100 / (100 - percentile)), y: Math.max(0.001, ms) })),
          borderColor: color(at === 0 ? 'ours' : 'theirs'),
          backgroundColor: color(at === 0 ? 'ours' : 'theirs'),
          pointRadius: 2,
          borderWidth: 2,
          cubicInterpolationMode: 'monotone',
        })),
      },
      options: base({
        interaction: { mode: 'nearest', axis: 'x', intersect: false },
        scales: {
          x: {
            type: 'linear',
            min: 0,
            grid: { color: color('line') },
            border: { display: false },
            ticks: { color: color('quiet'), stepSize: 1, callback: (power) => (Number.isInteger(power) ? `${Number((100 - 100 / 10 ** power).toFixed(4))} %` : '') },
          },
          y: logAxis('ms'),
        },
        plugins: { legend: legend(), tooltip: { callbacks: { title: ([{ parsed }]) => `${Number((100 - 100 / 10 ** parsed.x).toFixed(3))} %`, label: ({ dataset, parsed }) => `${dataset.label}: ${number(parsed.y)} ms` } } },
      }),
    }),
    series: ({ name, unit, xName, points, log, trend }) => {
      const axis = (title, isLog) => (isLog ? logAxis(title) : { type: 'linear', title: { display: true, text: title, color: color('quiet') }, grid: { color: color('line') }, border: { display: false }, ticks: { color: color('quiet'), callback: number, maxRotation: 0, autoSkipPadding: 12 } });
      const line = { label: name, data: points.map(([x, y]) => ({ x, y })), borderColor: color('ours'), backgroundColor: color('ours'), pointRadius: points.length > 60 ? 0 : 3, borderWidth: 2 };
      const straight = trend && { label: trend.name, data: trend.points.map(([x, y]) => ({ x, y })), borderColor: color('theirs'), backgroundColor: color('theirs'), pointRadius: 0, borderWidth: 2, borderDash: [6, 5] };
      return {
        type: 'line',
        data: { datasets: trend ? [line, straight] : [line] },
        options: base({
          interaction: { mode: 'nearest', axis: 'x', intersect: false },
          scales: { x: axis(xName, log !== undefined), y: { ...axis(unit, log === 'both'), ...(log === 'both' ? {} : { grace: '10%', beginAtZero: true }) } },
          plugins: { legend: legend(), tooltip: { callbacks: { title: ([{ parsed }]) => `${number(parsed.x)} ${xName}`, label: ({ dataset, parsed }) => `${dataset.label}: ${number(parsed.y)} ${unit}` } } },
        }),
      };
    },
  };

  function draw() {
    for (const chart of drawn.splice(0)) chart.destroy();
    document.documentElement.classList.toggle('narrow', narrow());
    button.textContent = isDark() ? 'Light' : 'Dark';
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.font.size = narrow() ? 11 : 12;
    names.ticks.color = color('text');
    for (const canvas of document.querySelectorAll('canvas[data-chart]')) {
      const panel = charts.find(({ id }) => id === canvas.dataset.chart).panels[Number(canvas.dataset.panel)];
      drawn.push(new Chart(canvas, kinds[panel.kind](panel)));
    }
  }

  if (kept() !== null) document.documentElement.dataset.theme = kept();
  button.addEventListener('click', () => {
    const theme = isDark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem('theme', theme);
    } catch {
      // A file opened from disk may have no storage: the choice then lasts as long as the page.
    }
    draw();
  });
  system.addEventListener('change', draw);
  let wasNarrow = narrow();
  addEventListener('resize', () => {
    if (narrow() === wasNarrow) return;
    wasNarrow = narrow();
    draw();
  });
  draw();
})();
