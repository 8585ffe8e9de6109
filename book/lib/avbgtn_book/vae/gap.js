/* vae-gap: how log p(x) divides into the ELBO and the KL of q from the posterior, in the linear model with one
 * code and one observation, x = weight z + noise eps. Its Python is `gap` in interactive.py. */
(() => {
  'use strict';

  const {logNormal, curve, written} = Interactive;
  const LOW = -14, TOP = 1.75; // nats at the left end of the ruler; the largest density

  function posterior({weight, noise, seen}) {
    const variance = 1 / (1 + (weight / noise) ** 2);
    return {mean: variance * weight * seen / noise ** 2, width: Math.sqrt(variance)};
  }

  /* The bound by its own formula, E_q log p(x|z) - KL(q || prior), and not as a difference of the other two. */
  function numbers({mean, width}, constants) {
    const {weight, noise, seen} = constants, exact = posterior(constants);
    const likelihood = logNormal(seen, weight * mean, noise) - (weight * width / noise) ** 2 / 2;
    const price = (mean ** 2 + width ** 2 - 1) / 2 - Math.log(width);
    const kl = Math.log(exact.width / width) - 0.5
      + (width ** 2 + (mean - exact.mean) ** 2) / (2 * exact.width ** 2);
    return {elbo: likelihood - price, kl, evidence: logNormal(seen, 0, Math.hypot(weight, noise))};
  }

  const say = ({elbo, kl, evidence}) =>
    `ELBO ${written(elbo)} + KL ${written(kl)} = log p(x) ${written(evidence)} nats.`;

  const layout = (width) => ({
    height: 405,
    panels: {
      densities: {left: 16, top: 30, width: width - 32, height: 230, x: [-2, 3.2], y: [0, TOP], xlabel: 'code z'},
      ruler: {left: 16, top: 325, width: width - 32, height: 38, x: [LOW, 0], y: [0, 1], xlabel: 'nats'},
    },
  });

  const density = (z, {mean, width}) => Math.exp(logNormal(z, mean, width));

  function draw({densities, ruler}, {values, numbers: {elbo, kl, evidence}, constants}) {
    const exact = posterior(constants);
    const target = curve((z) => density(z, exact), -2, 3.2);
    densities.area('posterior-area', target, 'p');
    densities.line('posterior', target, 'p');
    densities.line('q', curve((z) => density(z, values), -2, 3.2).map(([z, y]) => [z, Math.min(y, 4)]), 'q');
    densities.words('q-name', -2, TOP, 'approximate posterior q', 'q', 'start', [0, -12]);
    densities.words('p-name', 3.2, TOP, 'posterior p(z|x)', 'p', 'end', [0, -12]);
    const bound = Math.max(LOW, elbo);
    ruler.bar('elbo', LOW, bound, 0, 1, 'q answer');
    ruler.bar('kl', bound, evidence, 0, 1, 'p answer');
    ruler.line('evidence', [[evidence, 0], [evidence, 1.15]], 'plain');
    ruler.words('elbo-name', LOW, 1, `ELBO ${written(elbo)}`, 'q answer', 'start', [0, -8]);
    ruler.words('kl-name', (LOW + evidence) / 2, 1, `KL ${written(kl)}`, 'p answer', 'middle', [0, -8]);
    ruler.words('evidence-name', 0, 1, `log p(x) ${written(evidence)}`, '', 'end', [0, -8]);
  }

  const handles = [
    {
      panel: 'densities', value: 'mean', look: 'q', at: ({mean}) => [mean, 0],
      drag: (x) => ({mean: x}),
    },
    {
      panel: 'densities', value: 'width', look: 'q',
      at: ({mean, width}) => [mean + width, Math.min(TOP, density(mean + width, {mean, width}))],
      drag: (x, y, {mean}) => ({width: x - mean}),
    },
  ];

  Interactive.kinds['vae-gap'] = {numbers, say, layout, draw, handles};
})();
