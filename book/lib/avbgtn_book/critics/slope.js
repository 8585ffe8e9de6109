/* critics-slope: which slope does a critic take when too much of it is only penalised?
 * Its Python is `slope` in interactive.py. */
(() => {
  'use strict';

  const {curve, written} = Interactive;
  const MOST = 4; // slope in the picture
  const FAR = 99; // stands for a slope without a limit, and 999 for what such a critic reports

  const isSquared = ({form}) => form === 'squared';

  function paid(k, values) {
    const above = isSquared(values) ? (k - 1) ** 2 : Math.max(0, k - 1);
    return values.weight * above;
  }

  function numbers(values) {
    const {distance, weight} = values;
    const k = isSquared(values) ? 1 + distance / (2 * weight) : distance <= weight ? 1 : Infinity;
    return {slope: Math.min(k, FAR), reported: Math.min(distance * k, 999)};
  }

  const say = ({slope, reported}) => (slope < FAR
    ? `The best slope is ${written(slope)}, and the critic reports ${written(reported)}.`
    : 'The penalty grows more slowly than the gain: no slope is the best, and the critic gets steeper without end.');

  const layout = (width) => {
    const box = {left: 48, width: width - 64};
    return {
      height: 430,
      panels: {
        clouds: {...box, top: 30, height: 30, x: [0, 12.5], y: [0, 1], xticks: [0, 3, 6, 9, 12], xlabel: 'distance W'},
        gain: {...box, top: 135, height: 240, x: [0, MOST], y: [-20, 30], xticks: [0, 1, 2, 3, 4],
          yticks: [-20, -10, 0, 10, 20, 30], xlabel: 'slope k', ylabel: 'gain less penalty'},
      },
    };
  };

  const inside = (points) => points.filter(([, y]) => y >= -20 && y <= 30);

  function draw({clouds, gain}, {values, numbers: {slope}}) {
    const {distance} = values;
    clouds.line('way', [[0, 0.5], [distance, 0.5]], 'faint');
    clouds.dot('p', 0, 0.5, 6, 'p');
    clouds.dot('q', distance, 0.5, 6, 'q');
    clouds.words('p-name', 0, 1, 'data', 'p', 'start', [0, -8]);
    clouds.words('q-name', distance, 1, 'generator', 'q', 'middle', [0, -8]);
    gain.line('one', [[1, -20], [1, 30]], 'plain');
    gain.words('one-name', 1, -20, 'slope 1', '', 'start', [6, -6]);
    gain.line('gain', inside(curve((k) => distance * k, 0, MOST)), 'p');
    gain.line('less', inside(curve((k) => distance * k - paid(k, values), 0, MOST)), 'q answer');
    const seen = Math.min(slope, MOST), height = distance * seen - paid(seen, values);
    gain.dot('best', seen, Math.max(-20, Math.min(30, height)), slope > MOST ? 0 : 6, 'q answer');
    gain.words('gain-name', 0, 30, 'gain W k', 'p', 'start', [6, 12]);
    gain.words('less-name', 0, 30, 'gain less penalty', 'q answer', 'start', [6, 30]);
  }

  const handles = [
    {panel: 'clouds', value: 'distance', look: 'q', at: ({distance}) => [distance, 0.5], drag: (x) => ({distance: x})},
  ];

  Interactive.kinds['critics-slope'] = {numbers, say, layout, draw, handles};
})();
