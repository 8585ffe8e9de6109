/* avb-gtn-noise: an encoder that bends its noise into the codes of one image, and their exact KL to the prior.
 * Its Python is `noise` in interactive.py. */
(() => {
  'use strict';

  const {logNormal, integral, curve, written} = Interactive;
  const EDGE = 4, TOP = 1.2, MOST = 5; // of z, the largest density, and the most nats of the bars
  const REACH = 2.6; // of the noise in the picture
  const STEEP = 3; // of the bend

  /* The code that noise e becomes, and its derivative by e. */
  const code = (e, {m, s, bend}) => m + s * e + bend * Math.tanh(STEEP * e);
  const slope = (e, {s, bend}) => s + bend * STEEP * (1 - Math.tanh(STEEP * e) ** 2);

  /* log q - log p at the code of e, averaged over e: q is the density of e divided by the slope. */
  function numbers(values) {
    const kl = integral((e) => Math.exp(logNormal(e, 0, 1))
      * ((code(e, values) ** 2 - e ** 2) / 2 - Math.log(slope(e, values))), -10, 10, 4000);
    return {kl, unit: values.m ** 2 / 2};
  }

  const say = ({kl, unit}, {m, s, bend}) =>
    `Codes around ${written(m)}, with use ${written(s)} of the noise and bend ${written(bend)}: the KL to the prior is `
    + `${written(kl)} nats. With UNIT's noise around the same place it is ${written(unit, '.3f')}.`;

  const layout = (width) => ({
    height: 590,
    panels: {
      densities: {left: 36, top: 52, width: width - 52, height: 130, x: [-EDGE, EDGE], y: [0, TOP], xticks: []},
      encoder: {left: 36, top: 220, width: width - 52, height: 200, x: [-EDGE, EDGE], y: [-REACH, REACH],
        yticks: [-2, -1, 0, 1, 2], xlabel: 'code z', ylabel: 'noise ε'},
      bars: {left: 92, top: 480, width: width - 108, height: 66, x: [0, MOST], y: [0, 2], xlabel: 'nats'},
    },
  });

  function draw({densities, encoder, bars}, {values, numbers: {kl, unit}}) {
    const {m} = values, noise = d3.range(-400, 401).map((i) => i / 100);
    const inside = ([z]) => Math.abs(z) <= EDGE;
    const q = noise.map((e) => [
      code(e, values), Math.min(1.1 * TOP, Math.exp(logNormal(e, 0, 1)) / slope(e, values))]).filter(inside);
    densities.area('q-area', [[q[0][0], 0], ...q, [q.at(-1)[0], 0]], 'q');
    densities.line('p', curve((z) => Math.exp(logNormal(z, 0, 1)), -EDGE, EDGE), 'p');
    densities.line('unit', curve((z) => Math.exp(logNormal(z, m, 1)), -EDGE, EDGE), 'faint');
    densities.line('q', q, 'q');
    densities.words('p-name', -EDGE, TOP, 'prior p', 'p', 'start', [0, -10]);
    densities.words('unit-name', -EDGE, TOP, "UNIT's noise, at the code (thin)", '', 'start', [0, -30]);
    densities.words('q-name', EDGE, TOP, 'q, noise at the input', 'q', 'end', [0, -10]);
    encoder.line('unit', [-REACH, REACH].map((e) => [m + e, e]).map(([z, e]) => {
      const kept = Math.max(-EDGE, Math.min(EDGE, z));
      return [kept, e + kept - z];
    }), 'faint');
    encoder.line('code', noise.filter((e) => Math.abs(e) <= REACH).map((e) => [code(e, values), e]).filter(inside), 'q');
    for (const [i, [name, value, look]] of [['at the input', kl, 'q'], ['at the code', unit, 'p']].entries()) {
      const at = Math.min(MOST, value), far = at > MOST / 2;
      bars.bar(`bar-${i}`, 0, at, 1.15 - i, 1.85 - i, `${look} answer`);
      bars.words(`name-${i}`, 0, 1.5 - i, name, '', 'end', [-8, 5]);
      bars.words(`value-${i}`, at, 1.5 - i, `KL ${written(value)}`, 'answer', far ? 'end' : 'start', [far ? -8 : 8, 5]);
    }
  }

  const at = (e) => (values) => [Math.max(-EDGE, Math.min(EDGE, code(e, values))), e];
  const handles = [
    {panel: 'encoder', value: 'm', look: 'q', at: at(0), drag: (x) => ({m: x})},
    {
      panel: 'encoder', value: 'bend', look: 'q', at: at(1),
      drag: (x, y, {m, s}) => ({bend: (x - m - s) / Math.tanh(STEEP)}),
    },
    {
      panel: 'encoder', value: 's', look: 'q', at: at(2),
      drag: (x, y, {m, bend}) => ({s: (x - m - bend * Math.tanh(2 * STEEP)) / 2}),
    },
  ];

  Interactive.kinds['avb-gtn-noise'] = {numbers, say, layout, draw, handles};
})();
