/* Normal densities, and integrals over a line, for the kinds that need them. */
(() => {
  'use strict';

  const HALF_LOG_TAU = 0.5 * Math.log(2 * Math.PI);

  /* log N(z; mean, width^2), in nats. */
  const logNormal = (z, mean, width) => -0.5 * ((z - mean) / width) ** 2 - Math.log(width) - HALF_LOG_TAU;

  const logAddExp = (a, b) => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));

  /* The integral of f from low to high, by the trapezoidal rule on n steps. */
  function integral(f, low, high, n) {
    const step = (high - low) / n;
    let sum = 0.5 * (f(low) + f(high));
    for (let i = 1; i < n; i++) sum += f(low + i * step);
    return sum * step;
  }

  /* Points [[x, f(x)], ...] of a curve from low to high. */
  const curve = (f, low, high, n = 240) => d3.range(n + 1).map((i) => {
    const x = low + (high - low) * i / n;
    return [x, f(x)];
  });

  /* A number as the sentences write it. */
  const written = (value, format = '.2f') => d3.format(format)(value);

  Object.assign(Interactive, {logNormal, logAddExp, integral, curve, written});
})();
