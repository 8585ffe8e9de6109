/* hair-recolouring: a head whose colours are moved towards those of another pile, as far as the reader drags, and
 * its errors against the true twin. Its Python is `recolouring` in interactive.py. */
(() => {
  'use strict';

  const {written} = Interactive;
  const MOST = 1.5, TOP = 0.25; // strength, and the largest error of the axis
  const INSIDE = 1, BEYOND = 2; // of a pixel; 0 is the rim between the two
  const LINES = [['hair', 'p'], ['outside', 'q'], ['whole', 'other']];

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const bound = (x) => Math.min(1, Math.max(0, x));

  /* The pictures of a figure, from the text in its constants: once. */
  const read = new WeakMap();
  function pictures(constants) {
    if (!read.has(constants)) {
      const [source, twin, part] = [constants.source, constants.twin, constants.part].map(bytes);
      read.set(constants, {source, twin, part, along: {}});
    }
    return read.get(constants);
  }

  /* The recoloured picture, three numbers from 0 to 1 for each pixel. */
  function changed({strength, where}, constants) {
    const {source, part} = pictures(constants), [slope, offset] = constants.fits[where];
    const all = where === constants.everywhere;
    return Float64Array.from(source, (value, i) => {
      const x = value / 255, share = all || part[Math.floor(i / 3)] === INSIDE ? strength : 0;
      return bound(x + share * (bound(slope[i % 3] * x + offset[i % 3]) - x));
    });
  }

  function numbers(values, constants) {
    const {twin, part} = pictures(constants), made = changed(values, constants);
    const sums = [0, 0, 0], counts = [0, 0, 0];
    for (let i = 0; i < made.length; i++) {
      const of = part[Math.floor(i / 3)];
      sums[of] += Math.abs(made[i] - twin[i] / 255);
      counts[of]++;
    }
    return {
      hair: sums[INSIDE] / counts[INSIDE], outside: sums[BEYOND] / counts[BEYOND],
      whole: d3.sum(sums) / d3.sum(counts),
    };
  }

  const say = ({hair, outside, whole}, {strength}) =>
    `Strength ${written(strength)}: the error is ${written(hair, '.3f')} inside the hair, `
    + `${written(outside, '.3f')} outside it, and ${written(whole, '.3f')} over the whole picture.`;

  function layout(width, {side}) {
    const gap = 10, room = (width - 2 * gap) / 3, shown = Math.min(room, 3 * side);
    const all = 3 * shown + 2 * gap, start = (width - all) / 2;
    const picture = (k) => ({left: start + k * (shown + gap), top: 26, width: shown, height: shown,
      x: [0, 1], y: [0, 1], xticks: false});
    return {
      height: shown + 330,
      panels: {
        before: picture(0), now: picture(1), twin: picture(2),
        errors: {left: 44, top: shown + 76, width: width - 60, height: 200, x: [0, MOST], y: [0, TOP],
          yticks: [0, 0.05, 0.1, 0.15, 0.2, 0.25], xticks: [0, 0.5, 1, 1.5],
          xlabel: 'strength of the recolouring', ylabel: 'mean error against the twin'},
      },
    };
  }

  /* A picture, three numbers from 0 to 1 for each pixel, as an address. */
  function address(values, side) {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = side;
    const at = canvas.getContext('2d'), image = at.createImageData(side, side);
    for (let i = 0; i < side * side; i++) {
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = Math.round(255 * values[3 * i + c]);
      image.data[4 * i + 3] = 255;
    }
    at.putImageData(image, 0, 0);
    return canvas.toDataURL();
  }

  function draw({before, now, twin, errors}, {values, numbers: found, constants}) {
    const held = pictures(constants), {side} = constants;
    held.before ??= address(Float64Array.from(held.source, (x) => x / 255), side);
    held.after ??= address(Float64Array.from(held.twin, (x) => x / 255), side);
    held.along[values.where] ??= d3.range(31).map((k) => numbers({strength: k / 20, where: values.where}, constants));
    before.picture('picture', held.before, 0, 1);
    now.picture('picture', address(changed(values, constants), side), 0, 1);
    twin.picture('picture', held.after, 0, 1);
    for (const [panel, name] of [[before, 'source'], [now, 'recoloured'], [twin, 'true twin']]) {
      panel.words('name', 0, 1, name, '', 'start', [0, -8]);
    }
    for (const [name, look] of LINES) {
      errors.line(name, held.along[values.where].map((at, k) => [k / 20, at[name]]), `${look} answer`);
      errors.dot(`${name}-now`, values.strength, found[name], 5, `${look} answer`);
    }
    errors.line('here', [[values.strength, 0], [values.strength, 0.18]], 'faint answer'); // below the names
    LINES.forEach(([name, look], k) => errors.words(`${name}-name`, MOST, TOP,
      {hair: 'inside the hair', outside: 'outside the hair', whole: 'whole picture'}[name], `${look} answer`, 'end',
      [0, 18 * k - 4]));
  }

  const handles = [{
    panel: 'errors', value: 'strength', look: 'q', at: ({strength}) => [strength, 0],
    drag: (x) => ({strength: x}),
  }];

  Interactive.kinds['hair-recolouring'] = {numbers, say, layout, draw, handles};
})();
