/* avb-gtn-lag: a posterior q = N(m, 1), the prior p, and a T that is the best one for an older posterior.
 * Its Python is `lag` in interactive.py. */
(() => {
  'use strict';

  const {logNormal, integral, curve, written} = Interactive;
  const LOW = -4, HIGH = 8, TOP = 0.5; // of z, and the largest density
  const LEAST = -6, MOST = 18; // nats of the bars
  const FLOOR = -8, CEILING = 12; // of T in the picture
  const PEAK = Math.exp(logNormal(0, 0, 1));

  /* The best T for N(mean, 1) against N(0, 1). */
  const best = (z, mean) => mean * z - mean ** 2 / 2;

  const doubt = (t) => 1 / (1 + Math.exp(t)); // 1 - sigma(t)
  const logSigmoid = (t) => Math.min(0, t) - Math.log1p(Math.exp(-Math.abs(t)));

  function numbers({m, old}) {
    const over = (f) => integral((e) => Math.exp(logNormal(e, 0, 1)) * f(best(m + e, old)), -12, 12, 2400);
    return {
      kl: m ** 2 / 2, reads: best(m, old), short: (m - old) ** 2 / 2,
      paper: over(logSigmoid), pull: old * over(doubt),
    };
  }

  const say = ({kl, reads, short, paper, pull}, {m, old}) =>
    `The KL is ${written(kl)} nats; the mean of T reads ${written(reads)}, ${written(short)} too little. `
    + `T pulls on the mean of q with ${written(old)}, the KL with ${written(m)}. The mean of log σ(T) is `
    + `${written(paper)} and pulls with ${written(pull, '.3f')}.`;

  const layout = (width) => {
    const box = {left: 16, width: width - 32, x: [LOW, HIGH]};
    return {
      height: 510,
      panels: {
        densities: {...box, top: 50, height: 130, y: [0, TOP], xticks: []},
        logits: {...box, top: 210, height: 110, y: [FLOOR, CEILING], xlabel: 'z'},
        bars: {left: 104, top: 366, width: width - 120, height: 96, x: [LEAST, MOST], y: [0, 3], xlabel: 'nats'},
      },
    };
  };

  /* The part of T's line that is inside the picture. */
  function line(mean) {
    const crossings = [FLOOR, CEILING].map((t) => (mean ? (t + mean ** 2 / 2) / mean : 0)).sort(d3.ascending);
    const [from, to] = mean ? [Math.max(LOW, crossings[0]), Math.min(HIGH, crossings[1])] : [LOW, HIGH];
    return [[from, best(from, mean)], [to, best(to, mean)]];
  }

  function draw({densities, logits, bars}, {values: {m, old}, numbers: {kl, reads, paper}}) {
    const bell = (mean) => curve((z) => Math.exp(logNormal(z, mean, 1)), LOW, HIGH);
    densities.area('q-area', bell(m), 'q');
    densities.line('p', bell(0), 'p');
    densities.line('old', bell(old), 'other');
    densities.line('q', bell(m), 'q');
    densities.words('p-name', LOW, TOP, 'prior p', 'p', 'start', [0, -8]);
    densities.words('old-name', (LOW + HIGH) / 2, TOP, 'the q that T has learnt', 'other', 'middle', [0, -28]);
    densities.words('q-name', HIGH, TOP, 'q now', 'q', 'end', [0, -8]);
    logits.line('zero', [[LOW, 0], [HIGH, 0]], 'faint');
    logits.line('best', line(m), 'plain answer');
    logits.line('t', line(old), 'other');
    logits.words('t-name', LOW, CEILING, 'T', 'other', 'start', [0, 4]);
    logits.words('best-name', LOW, CEILING, 'the best T for q now (thin)', 'answer', 'start', [24, 4]);
    const shown = (value) => Math.max(LEAST, Math.min(MOST, value));
    const rows = [['KL(q‖p)', kl, 'q'], ['mean T', reads, 'q'], ['mean log σ(T)', paper, 'p']];
    for (const [i, [name, value, look]] of rows.entries()) {
      const at = shown(value), far = at > MOST / 2;
      bars.bar(`bar-${i}`, 0, at, 2.15 - i, 2.85 - i, `${look} answer`);
      bars.words(`name-${i}`, LEAST, 2.5 - i, name, '', 'end', [0, 5]);
      bars.words(`value-${i}`, Math.max(0, at), 2.5 - i, written(value), 'answer', far ? 'end' : 'start',
        [far ? -8 : 8, 5]);
    }
    bars.line('zero', [[0, 0], [0, 3]], 'plain');
  }

  const handles = [
    {panel: 'densities', value: 'm', look: 'q', at: ({m}) => [m, PEAK], drag: (x) => ({m: x})},
    {panel: 'densities', value: 'old', look: 'other', at: ({old}) => [old, 0], drag: (x) => ({old: x})},
  ];

  Interactive.kinds['avb-gtn-lag'] = {numbers, say, layout, draw, handles};
})();
