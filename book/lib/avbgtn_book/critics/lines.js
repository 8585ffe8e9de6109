/* critics-lines: two thick lines, one of which the reader drags, and three ways to say how far apart they are.
 * Its Python is `two_lines` in interactive.py. */
(() => {
  'use strict';

  const {integral, curve, written} = Interactive;
  const EDGE = 1.5;

  const softplus = (t) => Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));

  function js(theta, thickness, n = 1600) {
    const kl = theta * theta / (2 * thickness * thickness);
    return Math.LN2 - integral((z) => (
      Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) * softplus(-kl - theta / thickness * z)), -12, 12, n);
  }

  function numbers({theta, thickness}) {
    const value = js(theta, thickness);
    return {kl: theta * theta / (2 * thickness * thickness), js: value, share: value / Math.LN2, w: Math.abs(theta)};
  }

  const say = ({kl, js: value, w}) =>
    `KL ${written(kl, '.3g')} nats, JS ${written(value, '.3f')} nats (at most ${written(Math.LN2, '.3f')}), `
    + `W ${written(w)}.`;

  function layout(width) {
    const box = {left: 40, width: width - 56, x: [-EDGE, EDGE]};
    return {
      height: 480,
      panels: {
        bands: {...box, top: 30, height: 100, y: [0, 1.1], xticks: [-1, 0, 1]},
        js: {...box, top: 190, height: 90, y: [0, 0.75], xticks: [-1, 0, 1], yticks: [0, 0.35, 0.7], ylabel: 'JS'},
        w: {...box, top: 335, height: 90, y: [0, 1.1], xticks: [-1, 0, 1], yticks: [0, 0.5, 1], ylabel: 'W',
          xlabel: 'across'},
      },
    };
  }

  function draw(panels, {values: {theta, thickness}, numbers: found}) {
    const band = (at) => curve((x) => Math.exp(-0.5 * ((x - at) / thickness) ** 2), -EDGE, EDGE, 300);
    const {bands} = panels;
    bands.area('p-area', band(0), 'p');
    bands.area('q-area', band(theta), 'q');
    bands.line('p', band(0), 'p');
    bands.line('q', band(theta), 'q');
    bands.words('p-name', -EDGE, 1.1, 'data, at 0', 'p', 'start', [0, -8]);
    bands.words('q-name', EDGE, 1.1, 'generator, at θ', 'q', 'end', [0, -8]);
    panels.js.line('most', [[-1, Math.LN2], [1, Math.LN2]], 'faint');
    panels.js.line('js', curve((t) => js(t, thickness, 300), -1, 1, 80), 'other answer');
    panels.js.dot('js-dot', theta, found.js, 6, 'q answer');
    panels.w.line('w', [[-1, 1], [0, 0], [1, 1]], 'other answer');
    panels.w.dot('w-dot', theta, found.w, 6, 'q answer');
  }

  const handles = [
    {panel: 'bands', value: 'theta', look: 'q', at: ({theta}) => [theta, 1], drag: (x) => ({theta: x})},
    {
      panel: 'bands', value: 'thickness', look: 'q',
      at: ({theta, thickness}) => [theta + thickness, Math.exp(-0.5)],
      drag: (x, y, {theta}) => ({thickness: x - theta}),
    },
  ];

  Interactive.kinds['critics-lines'] = {numbers, say, layout, draw, handles};
})();
