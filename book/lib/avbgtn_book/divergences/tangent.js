/* divergences-tangent: a tangent of a convex function, which the reader slides along it, and the conjugate that its
 * height at 0 draws. Its Python is `tangent` in interactive.py. */
(() => {
  'use strict';

  const {written} = Interactive;
  const MOST = 4, PI = 0.3; // u in the picture; the weight of the weighted JS

  /* f and its slope; the conjugate at a slope is u f'(u) - f(u), whatever f. */
  const weighted = (u) => 1 - PI + PI * u;
  const FUNCTIONS = {
    'total variation': [(u) => Math.abs(u - 1) / 2, (u) => Math.sign(u - 1) / 2],
    'KL': [(u) => u * Math.log(u), (u) => Math.log(u) + 1],
    'reverse KL': [(u) => -Math.log(u), (u) => -1 / u],
    'Pearson': [(u) => (u - 1) ** 2, (u) => 2 * (u - 1)],
    'Neyman': [(u) => (1 - u) ** 2 / u, (u) => 1 - 1 / u ** 2],
    'squared Hellinger': [(u) => (Math.sqrt(u) - 1) ** 2, (u) => 1 - 1 / Math.sqrt(u)],
    'Jeffrey': [(u) => (u - 1) * Math.log(u), (u) => 1 - 1 / u + Math.log(u)],
    '2 JS': [(u) => u * Math.log(u) - (u + 1) * Math.log((1 + u) / 2), (u) => Math.log(2 * u / (1 + u))],
    'weighted JS': [(u) => PI * u * Math.log(u) - weighted(u) * Math.log(weighted(u)),
      (u) => PI * Math.log(u / weighted(u))],
    'GAN': [(u) => u * Math.log(u) - (u + 1) * Math.log(u + 1), (u) => Math.log(u / (1 + u))],
  };

  function numbers({u, row}) {
    const [f, slope] = FUNCTIONS[row], t = slope(u);
    return {f: f(u), slope: t, conjugate: u * t - f(u)};
  }

  const say = ({f, slope, conjugate}, {u}) => `At u = ${written(u)} the function is ${written(f, '.3f')} and its slope `
    + `t = ${written(slope, '.3f')}. The tangent meets the vertical axis at ${written(-conjugate, '.3f')}, so `
    + `f*(t) = ${written(conjugate, '.3f')}.`;

  function layout(width) {
    const box = {left: 44, width: width - 60};
    return {
      height: 560,
      panels: {
        f: {...box, top: 30, height: 250, x: [0, MOST], y: [-2, 3], xticks: [0, 1, 2, 3, 4], yticks: [-2, -1, 0, 1, 2, 3],
          xlabel: 'ratio u', ylabel: 'f(u)'},
        star: {...box, top: 350, height: 160, x: [-3, 2.5], y: [-2, 3], xticks: [-3, -2, -1, 0, 1, 2],
          yticks: [-2, 0, 2], xlabel: 'slope t', ylabel: 'f*(t)'},
      },
    };
  }

  /* The part of a curve that lies in a box: points outside end it. */
  const inside = (points, [x0, x1], [y0, y1]) => points.filter(([x, y]) => x >= x0 && x <= x1 && y >= y0 && y <= y1);

  function draw({f, star}, {values: {u, row}, numbers: found}) {
    const [height, slope] = FUNCTIONS[row], places = d3.range(1, 401).map((k) => k / 100);
    f.line('zero', [[0, 0], [MOST, 0]], 'faint');
    f.line('f', inside(places.map((v) => [v, height(v)]), [0, MOST], [-2, 3]), 'q');
    const line = d3.range(0, 401).map((k) => [k / 100, found.slope * k / 100 - found.conjugate]);
    f.line('tangent', inside(line, [0, MOST], [-2, 3]), 'p');
    f.dot('axis', 0, Math.max(-2, Math.min(3, -found.conjugate)), 6, 'p answer');
    f.words('f-name', MOST, 3, `f of ${row}`, 'q', 'end', [0, -10]);
    f.words('tangent-name', 0.8, 3, 'tangent', 'p', 'start', [0, -10]);
    const drawn = places.map((v) => [slope(v), v * slope(v) - height(v)]);
    star.line('zero', [[-3, 0], [2.5, 0]], 'faint');
    star.line('star', inside(drawn, [-3, 2.5], [-2, 3]), 'other answer');
    const seen = Math.abs(found.conjugate - 0.5) <= 2.5 && found.slope >= -3 && found.slope <= 2.5;
    star.dot('star-dot', seen ? found.slope : 0, seen ? found.conjugate : 0, seen ? 6 : 0, 'p answer');
    star.words('star-name', 2.5, 3, 'conjugate', 'other answer', 'end', [0, -10]);
  }

  const handles = [
    {panel: 'f', value: 'u', look: 'p', at: ({u, row}) => [u, Math.max(-2, Math.min(3, FUNCTIONS[row][0](u)))],
      drag: (x) => ({u: x})},
  ];

  Interactive.kinds['divergences-tangent'] = {numbers, say, layout, draw, handles};
})();
