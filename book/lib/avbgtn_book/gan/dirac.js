/* gan-dirac: the DiracGAN's field, and where the two players go from a point that the reader drags.
 * Its Python is `dirac` in interactive.py. */
(() => {
  'use strict';

  const {written} = Interactive;
  const EDGE = 2; // of both numbers in the picture
  const LENGTH = 0.26; // of an arrow, which shows a direction only
  const ARROWS = d3.range(-1.8, 1.81, 0.4);

  /* Where both players want to go: (psi s(psi theta), -theta s(psi theta) - r1 psi), s the sigmoid. */
  function field(theta, psi, r1) {
    const s = 1 / (1 + Math.exp(-psi * theta));
    return [psi * s, -theta * s - r1 * psi];
  }

  function path({theta, psi, steps, rule, size}, {r1}) {
    const friction = rule.includes('R1') ? r1 : 0, points = [[theta, psi]];
    for (let i = 0; i < steps; i++) {
      let [a, b] = points[i];
      if (rule.startsWith('alternating')) {
        b += size * field(a, b, friction)[1];
        a += size * field(a, b, friction)[0];
      } else {
        const [da, db] = field(a, b, friction);
        [a, b] = [a + size * da, b + size * db];
      }
      points.push([a, b]);
    }
    return points;
  }

  function numbers(values, constants) {
    const points = path(values, constants), [theta, psi] = points.at(-1);
    return {theta, psi, from: Math.hypot(values.theta, values.psi), distance: Math.hypot(theta, psi)};
  }

  const say = ({theta, psi, from, distance}, {steps}) =>
    `After ${steps} ${steps === 1 ? 'step' : 'steps'} theta is ${written(theta)} and psi ${written(psi)}; the `
    + `distance from the equilibrium was ${written(from)} and is ${written(distance)}.`;

  /* The field is square; the distances stand beside it where there is room, else below. */
  function layout(width) {
    const side = Math.min(width - 56, 350), beside = width >= 600, most = 4;
    const field = {left: 40, top: 30, width: side, height: side, x: [-EDGE, EDGE], y: [-EDGE, EDGE],
      xticks: [-2, -1, 0, 1, 2], yticks: [-2, -1, 0, 1, 2], xlabel: 'θ, generator', ylabel: 'ψ, discriminator'};
    const distance = {x: [0, 200], y: [0, most], yticks: [0, 1, 2, 3, 4], xlabel: 'step',
      ylabel: 'distance from (0, 0)', ...(beside
        ? {left: side + 100, top: 30, width: width - side - 120, height: side}
        : {left: 40, top: side + 110, width: side, height: 130})};
    return {height: beside ? side + 80 : side + 290, panels: {field, distance}};
  }

  const isOutside = ([theta, psi]) => Math.max(Math.abs(theta), Math.abs(psi)) > EDGE;

  function draw({field: plane, distance}, {values, constants}) {
    const friction = values.rule.includes('R1') ? constants.r1 : 0;
    for (const theta of ARROWS) {
      for (const psi of ARROWS) {
        const [a, b] = field(theta, psi, friction), half = LENGTH / 2 / Math.hypot(a, b);
        const name = `arrow-${theta.toFixed(1)}-${psi.toFixed(1)}`;
        plane.arrow(name, theta - half * a, psi - half * b, theta + half * a, psi + half * b);
      }
    }
    const points = path(values, constants), out = points.findIndex(isOutside);
    const seen = out < 0 ? points : points.slice(0, Math.max(1, out));
    plane.line('path', seen, 'q answer');
    plane.dot('start', values.theta, values.psi, 6, 'q');
    plane.dot('now', ...seen.at(-1), 5, 'q answer');
    plane.dot('equilibrium', 0, 0, 6, 'p');
    distance.line('distance', points.map(([a, b], i) => [i, Math.min(4, Math.hypot(a, b))]), 'q answer');
  }

  const handles = [{
    panel: 'field', value: 'theta', other: 'psi', look: 'q',
    at: ({theta, psi}) => [theta, psi], drag: (x, y) => ({theta: x, psi: y}),
  }];

  Interactive.kinds['gan-dirac'] = {numbers, say, layout, draw, handles};
})();
