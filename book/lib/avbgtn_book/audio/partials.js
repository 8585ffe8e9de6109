/* audio-partials: three partials of a sound, whose lags change its waveform and none of its magnitudes.
 * Its Python is `partials` in interactive.py. */
(() => {
  'use strict';

  const {curve, written} = Interactive;
  const LANE = 2.2; // from the middle of a partial to that of the next

  const partial = (t, k, loudness, lag) => loudness * Math.cos(2 * Math.PI * k * t - lag * Math.PI / 180);

  const sum = (t, [second, third], {loudness}) =>
    [0, second, third].reduce((all, lag, k) => all + partial(t, k + 1, loudness[k], lag), 0);

  /* The magnitude of the k-th partial, by the discrete Fourier transform of the waveform. */
  function magnitude(wave, k) {
    const part = (f) => d3.sum(wave, (x, i) => x * f(2 * Math.PI * k * i / wave.length));
    return Math.hypot(part(Math.cos), part(Math.sin)) * 2 / wave.length;
  }

  function numbers({second, third}, constants) {
    const times = d3.range(constants.samples).map((i) => i / constants.samples);
    const still = times.map((t) => sum(t, [0, 0], constants)), moved = times.map((t) => sum(t, [second, third], constants));
    const after = [1, 2, 3].map((k) => magnitude(moved, k));
    return {
      difference: d3.sum(moved, (x, i) => (x - still[i]) ** 2) / d3.sum(still, (x) => x ** 2),
      change: d3.max(after, (found, i) => Math.abs(found - magnitude(still, i + 1))),
      magnitude1: after[0], magnitude2: after[1], magnitude3: after[2],
      peak: d3.max(moved, Math.abs),
    };
  }

  const ratio = (difference) => difference < 1e-9 ? 'without bound' : `${written(-10 * Math.log10(difference), '.1f')} dB`;

  const say = ({difference, change, peak}, {second, third}) =>
    `Lags ${second}° and ${third}°: the SNR is ${ratio(difference)}, the waveform peaks at ${written(peak)}, and the `
    + `largest change of a magnitude is ${written(Math.abs(change))}.`;

  const layout = (width) => ({
    height: 590,
    panels: {
      partials: {left: 40, top: 28, width: width - 56, height: 210, x: [0, 1], y: [-2 * LANE - 0.8, 1.1], xticks: false},
      wave: {left: 40, top: 276, width: width - 56, height: 130, x: [0, 1], y: [-2.5, 2.5], xlabel: 'time, in periods'},
      spectrum: {left: 40, top: 480, width: width - 56, height: 60, x: [0.5, 3.5], y: [0, 1.1], xticks: [1, 2, 3],
        yticks: [0, 1], xlabel: 'partial'},
    },
  });

  function draw({partials, wave, spectrum}, {values: {second, third}, numbers: found, constants}) {
    [0, second, third].forEach((lag, k) => {
      const lane = -LANE * k, loud = constants.loudness[k];
      partials.line(`lane-${k}`, [[0, lane], [1, lane]], 'faint');
      partials.line(`partial-${k}`, curve((t) => lane + partial(t, k + 1, loud, lag), 0, 1), 'q');
      partials.words(`name-${k}`, 0, lane, ['1st', '2nd', '3rd'][k], '', 'end', [-6, 5]);
    });
    partials.words('what', 0, 1.1, 'three partials', 'q', 'start', [0, -10]);
    wave.line('still', curve((t) => sum(t, [0, 0], constants), 0, 1), 'p');
    wave.line('moved', curve((t) => sum(t, [second, third], constants), 0, 1), 'q answer');
    wave.words('wave-name', 0, 2.5, 'their sum', 'q answer', 'start', [0, -10]);
    wave.words('still-name', 1, 2.5, 'sum without lags', 'p', 'end', [0, -10]);
    spectrum.words('spectrum-name', 0.5, 1.1, 'magnitude of each partial in the sum', 'q answer', 'start', [0, -10]);
    for (const k of [1, 2, 3]) spectrum.bar(`bar-${k}`, k - 0.2, k + 0.2, 0, found[`magnitude${k}`], 'q answer');
  }

  /* On the crest of its partial that is nearest to the middle of the picture: later by a k-th of the lag. */
  const crest = (k, lag) => (Math.floor(k / 2) + lag / 360) / k;
  const handle = (value, k) => ({
    panel: 'partials', value, look: 'q',
    at: (values) => [crest(k, values[value]), -LANE * (k - 1) + [1, 0.8, 0.6][k - 1]],
    drag: (x) => ({[value]: (x * k - Math.floor(k / 2)) * 360}),
  });

  const handles = [handle('second', 2), handle('third', 3)];

  Interactive.kinds['audio-partials'] = {numbers, say, layout, draw, handles};
})();
