/* avb-ratio: codes of q, samples of the prior N(0, 1), and T*, the logarithm of the ratio of their densities.
 * Its Python is `ratio` in interactive.py. */
(() => {
  'use strict';

  const {logNormal, integral, curve, written} = Interactive;
  const LOW = -5, HIGH = 5, TOP = 1.4, REACH = 8; // of z, the largest density, the largest T*

  const logQ = (z, {mean, width}) => logNormal(z, mean, width);
  const best = (z, q) => logQ(z, q) - logNormal(z, 0, 1);
  const softplus = (t) => Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));

  function numbers(q) {
    const mean = (log, f) => integral((z) => Math.exp(log(z)) * f(best(z, q)), -24, 24, 2400);
    const ofCodes = (f) => mean((z) => logQ(z, q), f), ofPrior = (f) => mean((z) => logNormal(z, 0, 1), f);
    return {
      kl: ofCodes((t) => t), of_prior: ofPrior((t) => t),
      loss: ofCodes((t) => softplus(-t)) + ofPrior(softplus),
    };
  }

  const say = ({kl, of_prior: ofPrior, loss}) =>
    `The mean of T* is ${written(kl)} nats over codes, which is KL(q‖p), and ${written(ofPrior)} over samples of the `
    + `prior. The best T has a loss of ${written(loss, '.3f')} nats; chance is 1.386.`;

  const layout = (width) => {
    const box = {left: 40, width: width - 56, x: [LOW, HIGH]};
    return {
      height: 590,
      panels: {
        densities: {...box, top: 30, height: 150, y: [0, TOP]},
        ratio: {...box, top: 240, height: 150, y: [-REACH, REACH], yticks: [-8, -4, 0, 4, 8], xticks: [],
          ylabel: 'T*(z), nats'},
        classes: {...box, top: 450, height: 90, y: [-0.15, 1.15], yticks: [0, 0.5, 1],
          ylabel: 'probability of a code, s(T*(z))', xlabel: 'z'},
      },
    };
  };

  const bounded = (t) => Math.max(-REACH, Math.min(REACH, t));

  function draw({densities, ratio, classes}, {values: q, numbers: {kl}, constants: {quantiles}}) {
    densities.area('p-area', curve((z) => Math.exp(logNormal(z, 0, 1)), LOW, HIGH), 'p');
    densities.line('p', curve((z) => Math.exp(logNormal(z, 0, 1)), LOW, HIGH), 'p');
    densities.line('q', curve((z) => Math.exp(logQ(z, q)), LOW, HIGH), 'q');
    densities.words('p-name', LOW, TOP, 'prior p', 'p', 'start', [0, -12]);
    densities.words('q-name', HIGH, TOP, 'codes q', 'q', 'end', [0, -12]);
    ratio.line('zero', [[LOW, 0], [HIGH, 0]], 'faint');
    ratio.line('best', curve((z) => best(z, q), LOW, HIGH).filter(([, t]) => Math.abs(t) <= REACH), 'other answer');
    ratio.line('mean', [[LOW, bounded(kl)], [HIGH, bounded(kl)]], 'q thin answer');
    ratio.words('mean-name', HIGH, REACH, `mean over codes: ${written(kl)} nats`, 'q answer', 'end', [0, -10]);
    classes.line('half', [[LOW, 0.5], [HIGH, 0.5]], 'faint');
    classes.line('best', curve((z) => 1 / (1 + Math.exp(-best(z, q))), LOW, HIGH), 'other answer');
    quantiles.forEach((at, i) => {
      const z = q.mean + q.width * at;
      classes.dot(`code-${i}`, Math.max(LOW, Math.min(HIGH, z)), 1, 4, 'q');
      classes.dot(`prior-${i}`, at, 0, 4, 'p');
    });
  }

  const handles = [
    {panel: 'densities', value: 'mean', look: 'q', at: ({mean}) => [mean, 0], drag: (x) => ({mean: x})},
    {
      panel: 'densities', value: 'width', look: 'q',
      at: ({mean, width}) => [mean + width, Math.exp(logNormal(width, 0, width))],
      drag: (x, y, {mean}) => ({width: x - mean}),
    },
  ];

  Interactive.kinds['avb-ratio'] = {numbers, say, layout, draw, handles};
})();
