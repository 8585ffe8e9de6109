/* audio-window: two tones that begin together, and their spectrogram with a window as long as the reader wants.
 * Its Python is `window` in interactive.py. */
(() => {
  'use strict';

  const {curve, written} = Interactive;
  const FIRST = 0.1, LAST = 0.9; // shares of its full loudness between which a tone rises

  const samplesOf = (length, {rate}) => Math.round(length * rate / 1000);
  const hann = (samples) => d3.range(samples).map((m) => 0.5 - 0.5 * Math.cos(2 * Math.PI * m / samples));

  /* Both tones, in phase at sample 0. */
  const tones = (n, apart, {rate, tone}) =>
    Math.cos(2 * Math.PI * tone * n / rate) + Math.cos(2 * Math.PI * (tone + apart) * n / rate);

  /* |sum over m of wave_m exp(-2 pi i f (m - N/2) / rate)|; the step from sample to sample is a rotation. */
  function magnitude(wave, frequency, rate) {
    const angle = -2 * Math.PI * frequency / rate, c = Math.cos(angle), s = Math.sin(angle);
    const start = -angle * wave.length / 2;
    let re = Math.cos(start), im = Math.sin(start), a = 0, b = 0;
    for (const value of wave) {
      a += value * re;
      b += value * im;
      [re, im] = [re * c - im * s, re * s + im * c];
    }
    return Math.hypot(a, b);
  }

  function numbers({length, apart}, constants) {
    const {rate, tone, deepest} = constants, samples = samplesOf(length, constants), window = hann(samples);
    const wave = window.map((w, m) => w * tones(m - samples / 2, apart, constants));
    const under = magnitude(wave, tone + apart / 2, rate) / magnitude(wave, tone, rate);
    const valley = Math.max(0, -20 * Math.log10(Math.max(under, 10 ** (-deepest / 20))));
    const whole = d3.sum(window), shares = d3.cumsum(window).map((sum) => sum / whole);
    const rising = shares.filter((share) => share >= FIRST && share < LAST).length;
    return {samples, row: rate / samples, valley: Math.min(deepest, valley), smear: 1000 * rising / rate};
  }

  const say = ({row, valley, smear}, {length}) =>
    `Window ${length} ms: its rows are ${written(row, '.0f')} Hz apart, between the tones the level is `
    + `${written(valley, '.0f')} dB lower, and the beginning takes ${written(smear, '.0f')} ms.`;

  const layout = (width) => ({
    height: 450,
    panels: {
      wave: {left: 48, top: 34, width: width - 64, height: 120, x: [0, 0.4], y: [-1.1, 1.15], xticks: false},
      picture: {left: 48, top: 190, width: width - 64, height: 210, x: [0, 0.4], y: [200, 800],
        xlabel: 'time, s', ylabel: 'frequency, Hz', yticks: [200, 400, 600, 800]},
    },
  });

  /* The cells of the spectrogram, cut at the edges of the picture. */
  function cells({length, apart}, constants) {
    const {rate, onset, seconds, low, high, faintest, loudest} = constants;
    const samples = samplesOf(length, constants), window = hann(samples), half = samples / 2;
    const hop = samples / 4, row = rate / samples, found = [], scale = 2 / d3.sum(window);
    const first = Math.round(-onset * rate / hop), last = Math.round((seconds - onset) * rate / hop);
    for (let j = first; j <= last; j++) {
      const wave = window.map((w, m) => {
        const n = j * hop + m - half;
        return n < 0 ? 0 : w * tones(n, apart, constants);
      });
      const x0 = Math.max(0, onset + (j - 0.5) * hop / rate), x1 = Math.min(seconds, onset + (j + 0.5) * hop / rate);
      for (let k = Math.ceil(low / row - 0.5); k <= Math.floor(high / row + 0.5); k++) {
        const decibels = 20 * Math.log10(Math.max(1e-9, scale * magnitude(wave, k * row, rate)));
        const loud = (decibels - faintest) / (loudest - faintest);
        const y0 = Math.max(low, (k - 0.5) * row), y1 = Math.min(high, (k + 0.5) * row);
        if (loud > 0 && x1 > x0 && y1 > y0) found.push({x0, x1, y0, y1, loud: Math.min(1, loud)});
      }
    }
    return found;
  }

  function draw({wave, picture}, {values, constants}) {
    const {rate, onset, seconds} = constants, {length, apart} = values;
    wave.line('tones', curve((t) => t < onset ? 0 : tones((t - onset) * rate, apart, constants) / 2, 0, seconds, 1200),
      'thin');
    const half = length / 2000;
    wave.line('window', curve((t) => Math.cos(Math.PI * (t - onset) / (2 * half)) ** 2, onset - half, onset + half), 'q');
    wave.words('window-name', onset, 1, `window, ${length} ms`, 'q', 'middle', [0, -16]);
    picture.group.selectAll('rect.cell').data(cells(values, constants)).join('rect').attr('class', 'cell answer')
      .attr('x', ({x0}) => picture.x(x0)).attr('width', ({x0, x1}) => picture.x(x1) - picture.x(x0))
      .attr('y', ({y1}) => picture.y(y1)).attr('height', ({y0, y1}) => picture.y(y0) - picture.y(y1))
      .attr('fill-opacity', ({loud}) => loud.toFixed(3));
  }

  const handles = [{
    panel: 'wave', value: 'length', look: 'q', at: ({length}) => [0.2 + length / 2000, 0],
    drag: (x) => ({length: 2000 * (x - 0.2)}),
  }];

  Interactive.kinds['audio-window'] = {numbers, say, layout, draw, handles};
})();
