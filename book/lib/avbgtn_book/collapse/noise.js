/* collapse-noise: how hard does a mode that was left out pull, under how much noise?
 * Its Python is `pulls` in interactive.py. */
(() => {
  'use strict';

  const {curve, written} = Interactive;
  const LEFT = -1.5, RIGHT = 3, MOST = 1.2;

  function pull(distance, spread) {
    const u = distance ** 2 / (2 * spread ** 2);
    return u < 700 ? distance / spread ** 2 / (1 + Math.exp(u)) : 0;
  }

  /* The spread of the largest pull: (u - 1) e^u = 1, by Newton's method. */
  function bestSpread(distance) {
    let u = 1.3;
    for (let i = 0; i < 50; i++) u -= ((u - 1) * Math.exp(u) - 1) / (u * Math.exp(u));
    return distance / Math.sqrt(2 * u);
  }

  function numbers({noise_sd: sd, distance}, {width}) {
    const spread = Math.hypot(width, sd), u = distance ** 2 / (2 * spread ** 2);
    return {
      pull: pull(distance, spread),
      best: Math.sqrt(Math.max(0, bestSpread(distance) ** 2 - width ** 2)),
      dip: 2 * Math.exp(-u / 4) / (1 + Math.exp(-u)),
    };
  }

  const say = ({pull: slope, best, dip}) =>
    `The slope towards the other mode is ${written(slope, '.3g')}; it is largest at a noise of ${written(best)}. `
    + `Half-way, the data are ${written(dip, '.0%')} as dense as on a mode.`;

  function layout(width) {
    const box = {left: 44, width: width - 60};
    return {
      height: 450,
      panels: {
        humps: {...box, top: 30, height: 150, x: [LEFT, RIGHT], y: [0, 1.1], xticks: [-1, 0, 1, 2, 3],
          xlabel: 'x, with noise'},
        slopes: {...box, top: 260, height: 140, x: [0, MOST], y: [0, 3], xticks: [0, 0.3, 0.6, 0.9, 1.2],
          yticks: [0, 1, 2, 3], ylabel: 'slope', xlabel: 'standard deviation of the noise'},
      },
    };
  }

  function draw({humps, slopes}, {values: {noise_sd: sd, distance}, numbers: found, constants: {width}}) {
    const spread = Math.hypot(width, sd);
    const hump = (x, at) => Math.exp(-0.5 * ((x - at) / spread) ** 2);
    const data = curve((x) => (hump(x, 0) + hump(x, distance)) / 2, LEFT, RIGHT, 500);
    const own = curve((x) => hump(x, 0), LEFT, RIGHT, 500);
    humps.area('p-area', data, 'p');
    humps.area('q-area', own, 'q');
    humps.line('p', data, 'p');
    humps.line('q', own, 'q');
    humps.words('p-name', RIGHT, 1.1, 'data', 'p', 'end', [0, 8]);
    humps.words('q-name', LEFT, 1.1, 'generator', 'q', 'start', [0, 8]);
    const all = curve((s) => Math.min(3, pull(distance, Math.hypot(width, s))), 0.02, MOST, 200);
    slopes.line('slopes', all, 'other answer');
    slopes.line('at', [[sd, 0], [sd, 3]], 'faint');
    slopes.dot('pull', sd, Math.min(3, found.pull), 6, 'q answer');
  }

  const handles = [
    {
      panel: 'humps', value: 'distance', look: 'p', at: ({distance}) => [distance, 0.55],
      drag: (x) => ({distance: x}),
    },
    {panel: 'slopes', value: 'noise_sd', look: 'q', at: (v) => [v.noise_sd, 0], drag: (x) => ({noise_sd: x})},
  ];

  Interactive.kinds['collapse-noise'] = {numbers, say, layout, draw, handles};
})();
