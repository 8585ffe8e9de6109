/* avb-learning: trainings of T that Python has run, played: which share of the exact KL T has found after how many
 * updates. Its Python is `learning` in interactive.py. */
(() => {
  'use strict';

  const {written} = Interactive;
  const BEGIN = 1, END = 4; // of the axis, as powers of ten
  const TOP = 1.25; // the largest share
  const MOMENTS = 40; // of a training, after the first
  const log = Math.log10;

  function numbers({d, updates, at}, {found, exact, moments}) {
    const reading = found[d][updates].reading[at], loss = found[d][updates].loss[at];
    return {reading, loss, exact: exact[d], share: reading / exact[d], done: moments[updates][at]};
  }

  const say = ({reading, loss, exact, share, done}, {d, updates}) =>
    `d = ${d}, after ${written(done, ',')} of ${written(Number(updates), ',')} updates: T reads ${written(reading)} of `
    + `${written(exact)} nats, ${written(share, '.0%')}. Its loss is `
    + `${loss < 5e-5 ? 'below 0.0001' : written(loss, '.4f')} nats.`;

  const layout = (width) => ({
    height: 370,
    panels: {
      shares: {left: 44, top: 34, width: width - 90, height: 280, x: [BEGIN, END], y: [0, TOP],
        yticks: [0, 0.25, 0.5, 0.75, 1], xticks: [1, 2, 3, 4], xformat: (power) => d3.format(',')(10 ** power),
        xlabel: 'updates of T', ylabel: 'share of the exact KL'},
    },
  });

  const bounded = (share) => Math.max(0, Math.min(TOP, share));

  function draw({shares}, {values: {d, updates, at}, numbers: {exact, reading}, constants}) {
    const points = (length) => constants.found[d][length].reading.map(
      (nats, i) => [log(constants.moments[length][i]), bounded(nats / exact)]);
    shares.line('exact', [[BEGIN, 1], [END, 1]], 'p');
    shares.words('exact-name', BEGIN, 1, `exact KL, ${written(exact, '.1f')} nats`, 'p', 'start', [6, -8]);
    for (const length of constants.lengths) {
      const shorter = Number(length) < Number(updates), run = shorter ? points(length) : [];
      shares.line(`run-${length}`, run, 'faint');
      shares.words(`name-${length}`, ...(run.at(-1) ?? [END, 0]), shorter ? written(Number(length), ',') : '', 'small',
        'start', [4, 14]);
    }
    const run = points(updates).slice(0, at + 1), now = run.at(-1);
    shares.line('run', run, 'q answer');
    shares.dot('now', ...now, 5, 'q answer');
    shares.words('now-name', ...now, `${written(reading, '.1f')} nats`, 'q answer', 'middle', [0, -12]);
  }

  const reach = (updates) => log(Number(updates)) - BEGIN;
  const handles = [{
    panel: 'shares', value: 'at', look: 'q', at: ({updates, at}) => [BEGIN + reach(updates) * at / MOMENTS, 0],
    drag: (x, y, {updates}) => ({at: MOMENTS * (x - BEGIN) / reach(updates)}),
  }];

  Interactive.kinds['avb-learning'] = {numbers, say, layout, draw, handles, speed: 12};
})();
