/* divergences-humps: one Gaussian over two humps, which the reader drags, and five ways to say how badly it fits.
 * Its Python is `humps` in interactive.py. */
(() => {
  'use strict';

  const {logNormal, logAddExp, curve, written} = Interactive;
  const EDGE = 4.5, MOST = 99; // of the picture; of a divergence that is said

  /* A sum over a fine grid, as Python has it: the five divergences of p, two humps, from q, one Gaussian. */
  function divergences(mean, std, {means, stds, weights}) {
    const [low, high, n] = [-16, 16, 1600], step = (high - low) / n;
    const found = {kl: 0, reverse: 0, js: 0, pearson: 0};
    for (let i = 0; i <= n; i++) {
      const x = low + i * step, part = (i === 0 || i === n ? 0.5 : 1) * step;
      const p = logHumps(x, means, stds, weights), q = logNormal(x, mean, std);
      const m = logAddExp(p, q) - Math.LN2;
      found.kl += part * Math.exp(p) * (p - q);
      found.reverse += part * Math.exp(q) * (q - p);
      found.js += part * 0.5 * (Math.exp(p) * (p - m) + Math.exp(q) * (q - m));
      found.pearson += part * Math.exp(Math.min(300, 2 * p - q));
    }
    return {
      'KL': found.kl, 'reverse KL': found.reverse, 'JS': found.js, 'Jeffrey': found.kl + found.reverse,
      'Pearson': found.pearson - 1,
    };
  }

  function logHumps(x, means, stds, weights) {
    return means.map((mean, k) => Math.log(weights[k]) + logNormal(x, mean, stds[k])).reduce(logAddExp);
  }

  function numbers({mean, std, by}, constants) {
    const value = Math.min(MOST, divergences(mean, std, constants.humps)[by]);
    return {value, above: Math.min(MOST, value - constants.best[by][2])};
  }

  const say = ({value, above}, {by}, {best}) => `${by} ${written(value, '.3f')}, which is ${written(above, '.3f')} `
    + `above the least possible, ${written(best[by][2], '.3f')}. The best Gaussian by ${by} has the mean `
    + `${written(best[by][0])} and the width ${written(best[by][1])}.`;

  const layout = (width) => ({
    height: 380,
    panels: {
      humps: {left: 20, width: width - 40, top: 30, height: 290, x: [-EDGE, EDGE], y: [0, 0.45],
        xticks: [-4, -2, 0, 2, 4], xlabel: 'x'},
    },
  });

  const density = (mean, std) => curve((x) => Math.exp(logNormal(x, mean, std)), -EDGE, EDGE, 300);

  function draw({humps}, {values: {mean, std, by}, constants}) {
    const {means, stds, weights} = constants.humps, [bestMean, bestStd] = constants.best[by];
    const data = curve((x) => Math.exp(logHumps(x, means, stds, weights)), -EDGE, EDGE, 300);
    humps.area('p-area', data, 'p');
    humps.area('q-area', density(mean, std), 'q');
    humps.line('p', data, 'p');
    humps.line('best', density(bestMean, bestStd), 'other answer');
    humps.line('q', density(mean, std), 'q');
    humps.words('p-name', -EDGE, 0.45, 'data, two humps', 'p', 'start', [0, 8]);
    humps.words('q-name', EDGE, 0.45, 'one Gaussian', 'q', 'end', [0, 8]);
    humps.words('best-name', EDGE, 0.45, `best by ${by}`, 'other answer', 'end', [0, 28]);
  }

  const top = (std) => 0.3989422804014327 / std;
  const handles = [
    {panel: 'humps', value: 'mean', look: 'q', at: ({mean, std}) => [mean, Math.min(0.45, top(std))],
      drag: (x) => ({mean: x})},
    {
      panel: 'humps', value: 'std', look: 'q', at: ({mean, std}) => [mean + std, 0.6065306597 * top(std)],
      drag: (x, y, {mean}) => ({std: x - mean}),
    },
  ];

  Interactive.kinds['divergences-humps'] = {numbers, say, layout, draw, handles};
})();
