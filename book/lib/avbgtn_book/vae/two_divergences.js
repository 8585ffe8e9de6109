/* vae-two-divergences: one Gaussian q fitted to a density p with two humps, by either of the two divergences.
 * Its Python is `two_divergences` in interactive.py. */
(() => {
  'use strict';

  const {logNormal, logAddExp, integral, curve, written} = Interactive;
  const FORWARD = 'KL(q‖p)';
  const TOP = 1, MOST = 20; // the largest density, and the most nats of the bars

  const logP = (z, {centre, spread}) =>
    logAddExp(logNormal(z, -centre, spread), logNormal(z, centre, spread)) - Math.LN2;

  /* The derivative of log p. */
  function slope(z, {centre, spread}) {
    return (centre * Math.tanh(centre * z / spread ** 2) - z) / spread ** 2;
  }

  /* One step of gradient descent on mean and log width, no coordinate by more than `most`.
   * KL(q || p): with z = mean + width eps, the averages are over eps. KL(p || q): the moments of p are known. */
  function step({mean, width}, objective, constants) {
    const {centre, spread, rate, most} = constants;
    let toMean, toLogWidth;
    if (objective === FORWARD) {
      const over = (f) => integral((e) => Math.exp(logNormal(e, 0, 1)) * f(e), -8, 8, 800);
      toMean = -over((e) => slope(mean + width * e, constants));
      toLogWidth = -1 - over((e) => slope(mean + width * e, constants) * width * e);
    } else {
      toMean = mean / width ** 2;
      toLogWidth = 1 - (centre ** 2 + spread ** 2 + mean ** 2) / width ** 2;
    }
    const bounded = (gradient) => Math.max(-most, Math.min(most, -rate * gradient));
    return {mean: mean + bounded(toMean), width: width * Math.exp(bounded(toLogWidth))};
  }

  /* q after the steps taken, and both divergences of it. */
  function numbers({mean, width, objective, steps}, constants) {
    let q = {mean, width};
    for (let i = 0; i < steps; i++) q = step(q, objective, constants);
    const logQ = (z) => logNormal(z, q.mean, q.width), over = (f) => integral(f, -24, 24, 2400);
    const difference = (z) => logQ(z) - logP(z, constants);
    return {
      ...q,
      forward: over((z) => Math.exp(logQ(z)) * difference(z)),
      backward: over((z) => -Math.exp(logP(z, constants)) * difference(z)),
    };
  }

  const say = ({mean, width, forward, backward}) =>
    `q has mean ${written(mean)} and width ${written(width)}: KL(q‖p) is ${written(forward)}, `
    + `KL(p‖q) ${written(backward)} nats.`;

  const layout = (width) => ({
    height: 420,
    panels: {
      densities: {left: 16, top: 30, width: width - 32, height: 220, x: [-4, 4], y: [0, TOP], xlabel: 'z'},
      bars: {left: 76, top: 300, width: width - 92, height: 76, x: [0, MOST], y: [0, 2], xlabel: 'nats'},
    },
  });

  function draw({densities, bars}, {numbers: q, constants}) {
    const target = curve((z) => Math.exp(logP(z, constants)), -4, 4);
    densities.area('p-area', target, 'p');
    densities.line('p', target, 'p');
    densities.line('q', curve((z) => Math.min(1.1, Math.exp(logNormal(z, q.mean, q.width))), -4, 4), 'q');
    densities.words('p-name', 4, TOP, 'p, two humps', 'p', 'end', [0, -12]);
    densities.words('q-name', -4, TOP, 'q, one Gaussian', 'q', 'start', [0, -12]);
    for (const [i, [name, value]] of [['KL(q‖p)', q.forward], ['KL(p‖q)', q.backward]].entries()) {
      bars.bar(`bar-${i}`, 0, Math.min(MOST, value), 1.15 - i, 1.85 - i, 'q answer');
      bars.words(`name-${i}`, 0, 1.5 - i, name, '', 'end', [-8, 5]);
      const far = value > MOST / 2;
      bars.words(`value-${i}`, Math.min(MOST, value), 1.5 - i, written(value), 'answer', far ? 'end' : 'start',
        [far ? -8 : 8, 5]);
    }
  }

  const handles = [
    {
      panel: 'densities', value: 'mean', look: 'q', at: ({mean}) => [mean, 0],
      drag: (x) => ({mean: x}),
    },
    {
      panel: 'densities', value: 'width', look: 'q',
      at: ({mean, width}) => [mean + width, Math.min(TOP, Math.exp(logNormal(width, 0, width)))],
      drag: (x, y, {mean}) => ({width: x - mean}),
    },
  ];

  const settle = ({mean, width}) => ({mean, width});

  Interactive.kinds['vae-two-divergences'] = {numbers, say, layout, draw, handles, settle};
})();
