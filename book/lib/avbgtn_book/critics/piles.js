/* critics-piles: piles of earth, where it is to go, and how much crosses each gap.
 * Its Python is `piles` in interactive.py. */
(() => {
  'use strict';

  const {written} = Interactive;
  const PLACES = d3.range(10);

  function pile({place, width}) {
    const weights = PLACES.map((x) => Math.exp(-0.5 * ((x - place) / width) ** 2)), all = d3.sum(weights);
    return weights.map((weight) => weight / all);
  }

  /* What crosses from each place to the next, to the right. */
  const crossing = (p, q) => Array.from(d3.cumsum(PLACES, (i) => p[i] - q[i])).slice(0, -1);

  function numbers(values, {p}) {
    const q = pile(values), carried = crossing(p, q);
    const independent = d3.sum(PLACES, (i) => d3.sum(PLACES, (j) => p[i] * q[j] * Math.abs(i - j)));
    return {w: d3.sum(carried, Math.abs), independent, across: carried[4]};
  }

  const say = ({w, independent}) =>
    `The best plan costs ${written(w)}, the sum of what crosses the gaps; the independent plan costs `
    + `${written(independent)}.`;

  function layout(width) {
    const box = {left: 44, width: width - 58, x: [-0.6, 9.6], xticks: PLACES};
    return {
      height: 400,
      panels: {
        piles: {...box, top: 30, height: 150, y: [0, 0.85], yticks: [0, 0.4, 0.8], ylabel: 'mass'},
        carried: {...box, top: 235, height: 110, y: [-1, 1], yticks: [-1, 0, 1], ylabel: 'carried to the right',
          xlabel: 'place'},
      },
    };
  }

  function draw({piles, carried}, {values, constants: {p}}) {
    const q = pile(values);
    for (const i of PLACES) {
      piles.bar(`p-${i}`, i - 0.4, i, 0, p[i], 'p');
      piles.bar(`q-${i}`, i, i + 0.4, 0, q[i], 'q');
    }
    piles.words('p-name', -0.6, 0.85, 'where the earth is', 'p', 'start', [20, 2]);
    piles.words('q-name', 9.6, 0.85, 'where it is to go', 'q', 'end', [0, 2]);
    carried.line('zero', [[-0.6, 0], [9.6, 0]], 'faint');
    crossing(p, q).forEach((mass, i) => carried.bar(`gap-${i}`, i, i + 1, 0, mass, 'other answer'));
  }

  const height = (values) => Math.min(0.8, d3.max(pile(values)));
  const handles = [
    {panel: 'piles', value: 'place', look: 'q', at: (v) => [v.place, height(v)], drag: (x) => ({place: x})},
    {
      panel: 'piles', value: 'width', look: 'q', at: (v) => [Math.min(9.6, v.place + v.width), 0.6 * height(v)],
      drag: (x, y, {place}) => ({width: x - place}),
    },
  ];

  Interactive.kinds['critics-piles'] = {numbers, say, layout, draw, handles};
})();
