/* compare: two pictures on one place, and a line between them that the reader drags. Any chapter may use it; its
 * Python is `compare` in compare.py. While the question is open the line can be dragged already. */
(() => {
  'use strict';

  const {written} = Interactive;
  const MOST = 448; // pixels: the side of the picture on a wide screen

  const numbers = ({edge, pair}, {apart, first}) => ({left: edge, ...apart[pair ?? first]});

  function say({left, whole, inside, outside}, {pair}, {pairs, first, part}) {
    const [one, other] = pairs[pair ?? first], number = (value) => written(value, '.3f');
    const parts = inside === undefined ? ''
      : ` (${number(inside)} inside the ${part}, ${number(outside)} outside it)`;
    return `The left ${written(left, '.0%')} of the picture: ${one}. The rest: ${other}. `
      + `Mean absolute difference of the two: ${number(whole)}${parts}.`;
  }

  /* Whole screen pixels for each pixel of the pictures, where these are small. */
  function layout(width, {side}) {
    const room = Math.min(width, MOST), shown = room >= side ? side * Math.floor(room / side) : room;
    const box = {left: (width - shown) / 2, top: 26, width: shown, height: shown, x: [0, 1], y: [0, 1]};
    return {height: shown + 44, panels: {picture: {...box, xticks: false}}};
  }

  function draw({picture}, {values, constants}) {
    const [one, other] = constants.pairs[values.pair ?? constants.first];
    picture.picture('left', constants.pictures[one], 0, 1);
    picture.picture('right', constants.pictures[other], values.edge, 1);
    picture.line('edge-rim', [[values.edge, 0], [values.edge, 1]], 'edge-rim');
    picture.line('edge', [[values.edge, 0], [values.edge, 1]], 'edge');
    picture.words('left-name', 0, 1, one, '', 'start', [0, -8]);
    picture.words('right-name', 1, 1, other, '', 'end', [0, -8]);
  }

  const handles = [{
    panel: 'picture', value: 'edge', look: 'q', at: ({edge}) => [edge, 0.5], drag: (x) => ({edge: x}),
  }];

  Interactive.kinds.compare = {numbers, say, layout, draw, handles, open: true};
})();
