/* collapse-features: one Gaussian over two modes, and what its feature means say of it.
 * Its Python is `matching` in interactive.py. */
(() => {
  'use strict';

  const {logNormal, integral, curve, written} = Interactive;
  const EDGE = 2.5, TOP = 4.3, MOST = 2; // MOST: the largest loss in the picture

  const density = (x, mean, spread) => Math.exp(logNormal(x, mean, spread));

  function numbers({mean, spread}, {width, near}) {
    const second = mean ** 2 + spread ** 2 - 1 - width ** 2;
    const share = (at) => integral((x) => density(x, mean, spread), at - near, at + near, 12000);
    return {loss: mean ** 2 + second ** 2, good: share(-1) + share(1)};
  }

  const say = ({loss, good}) =>
    `The loss of feature matching is ${written(loss, '.4f')}; ${written(good, '.1%')} of the samples are good.`;

  function layout(width) {
    const box = {left: 16, width: width - 32};
    return {
      height: 420,
      panels: {
        bells: {...box, top: 30, height: 200, x: [-EDGE, EDGE], y: [0, TOP], xticks: [-2, -1, 0, 1, 2], xlabel: 'x'},
        loss: {...box, top: 295, height: 26, x: [0, MOST], y: [0, 1], xticks: [0, 1, 2]},
        good: {...box, top: 370, height: 26, x: [0, 1], y: [0, 1], xticks: [0, 0.5, 1]},
      },
    };
  }

  function draw({bells, loss, good}, {values: {mean, spread}, numbers: found, constants: {width}}) {
    const data = (x) => (density(x, -1, width) + density(x, 1, width)) / 2;
    const generator = curve((x) => density(x, mean, spread), -EDGE, EDGE, 500);
    bells.area('p-area', curve(data, -EDGE, EDGE, 500), 'p');
    bells.area('q-area', generator, 'q');
    bells.line('p', curve(data, -EDGE, EDGE, 500), 'p');
    bells.line('q', generator, 'q');
    bells.words('p-name', -EDGE, TOP, 'data', 'p', 'start', [0, 8]);
    bells.words('q-name', EDGE, TOP, 'generator', 'q', 'end', [0, 8]);
    loss.words('loss-name', 0, 1, 'loss of feature matching', '', 'start', [0, -6]);
    loss.bar('loss', 0, Math.min(MOST, found.loss), 0, 1, 'other answer');
    good.words('good-name', 0, 1, 'share of good samples', '', 'start', [0, -6]);
    good.bar('good', 0, found.good, 0, 1, 'q answer');
  }

  const peak = ({spread}) => Math.min(TOP, density(0, 0, spread));
  const handles = [
    {panel: 'bells', value: 'mean', look: 'q', at: (v) => [v.mean, peak(v)], drag: (x) => ({mean: x})},
    {
      panel: 'bells', value: 'spread', look: 'q', at: (v) => [v.mean + v.spread, 0.6 * peak(v)],
      drag: (x, y, {mean}) => ({spread: Math.abs(x - mean)}),
    },
  ];

  Interactive.kinds['collapse-features'] = {numbers, say, layout, draw, handles};
})();
