/* unit-square: four kinds at the corners of a square, turned there and back by the reader.
 * Its Python is `square` in interactive.py. */
(() => {
  'use strict';

  const {written} = Interactive;
  const LETTERS = ['A', 'B', 'C', 'D'], RADIANS = Math.PI / 180;
  const ANGLES = d3.range(-180, 181, 5);
  const LINES = [
    ['error', 'p', 'translation error'], ['cycle', 'other', 'cycle error'], ['distance', 'q', 'distance to pile 2'],
  ];

  const rotate = ([x, y], degrees) => {
    const c = Math.cos(degrees * RADIANS), s = Math.sin(degrees * RADIANS);
    return [c * x - s * y, s * x + c * y];
  };
  const flip = ([x, y], mirrored) => [x, mirrored === 'yes' ? -y : y];
  const there = (point, values) => rotate(flip(point, values.mirrored), values.there);
  const back = (point, values) => flip(rotate(there(point, values), values.back), values.mirrored);

  function numbers(values, {places, shares}) {
    const p = shares[values.shares], away = ([a, b], [c, d]) => Math.hypot(a - c, b - d);
    const off = (to) => d3.sum(places, (point, i) => {
      const [x, y] = to(point, values);
      return p[i] * (Math.abs(x - point[0]) + Math.abs(y - point[1])) / 2;
    });
    const distance = 2 * d3.sum(places, (a, i) => d3.sum(places, (b, j) =>
      p[i] * p[j] * (away(there(a, values), b) - away(a, b))));
    return {distance, cycle: off(back), error: off(there)};
  }

  const positive = (number) => written(Math.max(0, number)); // rounding may leave a zero below zero
  const say = ({distance, cycle, error}, values) =>
    `Turned by ${written(values.there, '.0f')} degrees there and ${written(values.back, '.0f')} back: `
    + `distance to pile 2 ${positive(distance)}, cycle error ${positive(cycle)};`
    + ` translation error ${positive(error)}, which only twins reveal.`;

  /* Both domains beside each other, smaller on a phone; the curves below. */
  function layout(width) {
    const side = Math.min((width - 30) / 2, 300), top = 34, plane = {x: [-1, 1], y: [-1, 1], xticks: false};
    const room = width >= 600 ? 150 : 0; // for names beside the curves
    const first = {left: 4, top, width: side, height: side, ...plane};
    const second = {left: width - side - 8, top, width: side, height: side, ...plane};
    const curves = {left: 40, top: side + 74 + (room ? 0 : 54), width: width - 56 - room, height: 150, x: [-180, 180],
      y: [0, 1.1], xticks: [-180, -90, 0, 90, 180], yticks: [0, 0.5, 1], xlabel: 'turn on the way there, degrees'};
    return {height: curves.top + 200, panels: {first, second, curves}};
  }

  function square(panel, name, title, to, {values, constants}) {
    const p = constants.shares[values.shares];
    panel.words(`${name}-title`, -1, 1, title, '', 'start', [0, -12]);
    panel.line(`${name}-frame`, [[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]], 'faint');
    constants.places.forEach((place, i) => {
      const half = 0.32 * Math.sqrt(p[i]), [x, y] = place;
      panel.bar(`${name}-place-${i}`, x - half, x + half, y - half, y + half, 'p');
      panel.words(`${name}-true-${i}`, 1.6 * x, 1.6 * y, LETTERS[i], 'p', 'middle', [0, 5]);
    });
    constants.places.forEach((place, i) => { // after the places, which would cover them
      const [a, b] = to(place, values);
      if (i) {
        panel.dot(`${name}-dot-${i}`, a, b, 4, 'q answer');
        panel.words(`${name}-now-${i}`, a, b, LETTERS[i], 'q answer', 'middle', [13, 5]);
      } else panel.words(`${name}-now-${i}`, a, b, LETTERS[i], 'q answer', 'middle', [18, 5]);
    });
  }

  function draw({first, second, curves}, figure) {
    const {values, constants} = figure, wide = figure.width >= 600;
    square(first, 'first', wide ? 'domain 1, after the way back' : 'domain 1, back', back, figure);
    square(second, 'second', wide ? 'domain 2, translations' : 'domain 2', there, figure);
    LINES.forEach(([key, look, name], row) => {
      const at = (angle) => numbers({...values, there: angle}, constants)[key];
      curves.line(key, ANGLES.map((angle) => [angle, at(angle)]), `${look} answer`);
      curves.line(`${key}-now`, [[values.there, 0], [values.there, 1.1]], 'faint answer');
      if (wide) curves.words(`${key}-name`, 180, [0.9, 0.5, 0.1][row], name, `${look} answer`, 'start', [10, 5]);
      else curves.words(`${key}-name`, -180, 1.1, name, `${look} answer`, 'start', [0, -46 + 18 * row]);
    });
  }

  const angle = (x, y) => Math.atan2(y, x) / RADIANS;
  const wrapped = (degrees) => degrees - 360 * Math.round(degrees / 360);
  const sign = ({mirrored}) => mirrored === 'yes' ? -1 : 1;
  const A = [0.5, 0.5];

  const handles = [
    {
      panel: 'second', value: 'there', look: 'q', at: (values) => there(A, values),
      drag: (x, y, values) => ({there: wrapped(angle(x, y) - 45 * sign(values))}),
    },
    {
      panel: 'first', value: 'back', look: 'q', at: (values) => back(A, values),
      drag: (x, y, values) => ({back: wrapped(sign(values) * (angle(x, y) - 45) - values.there)}),
    },
  ];

  Interactive.kinds['unit-square'] = {numbers, say, layout, draw, handles};
})();
