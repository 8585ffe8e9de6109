/* gan-discriminator: two Gaussians, data p and generator q, and the best discriminator between them.
 * Its Python is `discriminator` in interactive.py. */
(() => {
  'use strict';

  const {logNormal, logAddExp, integral, curve, written} = Interactive;
  const LOW = -6, HIGH = 10, TOP = 0.85; // of x, and the largest density
  const PEAK = Math.exp(logNormal(0, 0, 1)); // of the data's density

  const logP = (x, {data}) => logNormal(x, data, 1);
  const logQ = (x, {mean, width}) => logNormal(x, mean, width);

  /* D*(x) = p / (p + q), from logarithms, so that it is right where both densities are next to nothing. */
  const best = (x, values) => 1 / (1 + Math.exp(logQ(x, values) - logP(x, values)));

  function numbers(values) {
    const js = integral((x) => {
      const p = logP(x, values), q = logQ(x, values), m = logAddExp(p, q) - Math.LN2;
      return 0.5 * (Math.exp(p) * (p - m) + Math.exp(q) * (q - m));
    }, -30, 34, 3200);
    return {js, share: js / Math.LN2, at_data: best(values.data, values), at_mean: best(values.mean, values)};
  }

  const say = ({js, share, at_data: real, at_mean: fake}) =>
    `Jensen-Shannon divergence ${written(js, '.3f')} nats, ${written(share, '.1%')} of log 2. `
    + `D* is ${written(real, '.3f')} at the middle of the data and ${written(fake, '.3f')} at that of the generator.`;

  const layout = (width) => {
    const box = {left: 36, width: width - 50, x: [LOW, HIGH]};
    return {
      height: 490,
      panels: {
        densities: {...box, top: 30, height: 160, y: [0, TOP], xlabel: 'x'},
        best: {...box, top: 250, height: 105, y: [0, 1], yticks: [0, 0.5, 1], xticks: [], ylabel: 'D*(x)'},
        ruler: {...box, top: 410, height: 30, x: [0, Math.LN2], y: [0, 1], xticks: [0, 0.2, 0.4, 0.6], xlabel: 'nats'},
      },
    };
  };

  function draw(panels, {values, numbers: {js}}) {
    const {densities, ruler} = panels;
    const p = curve((x) => Math.exp(logP(x, values)), LOW, HIGH);
    const q = curve((x) => Math.exp(logQ(x, values)), LOW, HIGH);
    densities.area('p-area', p, 'p');
    densities.area('q-area', q, 'q');
    densities.line('p', p, 'p');
    densities.line('q', q, 'q');
    densities.words('p-name', LOW, TOP, 'data p', 'p', 'start', [0, -12]);
    densities.words('q-name', HIGH, TOP, 'generator q', 'q', 'end', [0, -12]);
    panels.best.line('half', [[LOW, 0.5], [HIGH, 0.5]], 'faint');
    panels.best.line('best', curve((x) => best(x, values), LOW, HIGH), 'other answer');
    ruler.bar('js', 0, js, 0, 1, 'q answer');
    ruler.line('most', [[Math.LN2, 0], [Math.LN2, 1.2]], 'plain');
    ruler.words('js-name', 0, 1, `JS ${written(js, '.3f')}`, 'answer', 'start', [0, -8]);
    ruler.words('most-name', Math.LN2, 1, 'log 2', '', 'end', [0, -8]);
  }

  const handles = [
    {panel: 'densities', value: 'data', look: 'p', at: ({data}) => [data, PEAK], drag: (x) => ({data: x})},
    {panel: 'densities', value: 'mean', look: 'q', at: ({mean}) => [mean, 0], drag: (x) => ({mean: x})},
    {
      panel: 'densities', value: 'width', look: 'q',
      at: ({mean, width}) => [mean + width, Math.exp(logNormal(width, 0, width))],
      drag: (x, y, {mean}) => ({width: x - mean}),
    },
  ];

  Interactive.kinds['gan-discriminator'] = {numbers, say, layout, draw, handles};
})();
