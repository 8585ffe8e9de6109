/* unit-balance: the coefficient of the KL, and where the best codes then lie.
 * Its Python is `balance` in interactive.py. */
(() => {
  'use strict';

  const {curve, written} = Interactive;
  const LOWEST = -4, HIGHEST = 0.5, EDGE = 20;

  /* The least of blind / sqrt(1 + u) + beta u / 2. */
  function best(beta, spread) {
    const blind = Math.sqrt(2 / Math.PI) * spread, u = Math.max(1, blind / beta) ** (2 / 3) - 1;
    return {square: u, kl: u / 2, error: blind / Math.sqrt(1 + u)};
  }
  const numbers = ({log_beta: log, spread}) => best(10 ** log, spread);

  const say = ({square, kl, error}, {log_beta: log, spread}) =>
    `At beta ${written(10 ** log, '.2~g')} and s ${written(spread)} the mean of mu² is ${written(square)}, the KL `
    + `${written(kl)} nats per value, and the error ${written(error, '.3f')}.`;

  function layout(width) {
    const left = 44, wide = width - 60;
    const codes = {left, top: 44, width: wide, height: 130, x: [-EDGE, EDGE], y: [0, 1.05], xlabel: 'code z'};
    const error = {left, top: 268, width: wide, height: 150, x: [LOWEST, HIGHEST], y: [0, 0.7],
      yticks: [0, 0.2, 0.4, 0.6], xlabel: 'log₁₀ β', ylabel: 'reconstruction error'};
    return {height: 470, panels: {codes, error}};
  }

  function draw({codes, error}, {values, numbers: now, constants}) {
    const bell = (mean) => curve((z) => Math.exp(-0.5 * (z - mean) ** 2), -EDGE, EDGE, 400);
    for (const side of [-1, 0, 1]) codes.line(`code${side}`, bell(side * Math.sqrt(now.square)), 'q answer');
    codes.line('prior', bell(0), 'p');
    codes.words('codes', -EDGE, 1.05, 'posteriors of x = −s, 0 and s', 'q answer', 'start', [0, -12]);
    codes.words('prior-name', EDGE, 1.05, 'prior', 'p', 'end', [0, -12]);
    const at = (log) => best(10 ** log, values.spread).error;
    error.line('error', curve(at, LOWEST, HIGHEST), 'other answer');
    error.line('unit', [[constants.unit, 0], [constants.unit, 0.7]], 'faint');
    error.words('unit-name', constants.unit, 0.7, 'UNIT’s', '', 'start', [6, 10]);
  }

  const handles = [{
    panel: 'error', value: 'log_beta', look: 'q',
    at: (values) => [values.log_beta, numbers(values).error], drag: (x) => ({log_beta: x}),
  }];

  Interactive.kinds['unit-balance'] = {numbers, say, layout, draw, handles};
})();
