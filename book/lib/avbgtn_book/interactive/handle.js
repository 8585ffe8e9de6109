/* A handle: a point of the picture that is dragged with the mouse or a finger, or moved with the arrow keys.
 *
 * what: {panel, value, other, at, drag, look}. `at(values)` is where the handle stands, `drag(x, y, values)` which
 * values follow when it is brought to a place, both in the numbers of the panel. The keys left and right change
 * `value`; up and down do so too, or change `other` where there are two.
 */
(() => {
  'use strict';

  const FINGER = 22; // pixels around the point that still catch a finger
  const KEYS = {
    ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
    PageUp: [10, 0], PageDown: [-10, 0], Home: [-Infinity, 0], End: [Infinity, 0],
  };

  class Handle {
    constructor(figure, layer, what) {
      Object.assign(this, {figure, ...what});
      const said = figure.spec.values[this.value];
      this.point = layer.append('g').attr('class', `handle ${this.look}`).attr('tabindex', 0)
        .attr('role', 'slider').attr('aria-label', this.label()).attr('data-value', this.value)
        .attr('aria-valuemin', said.low).attr('aria-valuemax', said.high);
      this.point.append('circle').attr('class', 'reach').attr('r', FINGER);
      this.point.append('circle').attr('class', 'knob').attr('r', 9);
      this.point.on('keydown', (event) => this.key(event));
      this.point.on('pointerdown', (event) => this.grab(event));
      // The style touch-action: none is not heeded inside an SVG by every browser; this is.
      this.point.on('touchstart', (event) => event.preventDefault(), {passive: false});
    }

    label() {
      const {values} = this.figure.spec, first = values[this.value].label;
      return this.other ? `${first} (left, right) and ${values[this.other].label} (up, down)` : first;
    }

    /* Stand where the values say. */
    show(values) {
      const [x, y] = this.at(values), name = (key) => d3.format(this.figure.spec.values[key].format)(values[key]);
      this.place = [this.panel.x(x), this.panel.y(y)];
      this.point.attr('transform', `translate(${this.place})`)
        .attr('aria-valuenow', Number(values[this.value].toFixed(4)))
        .attr('aria-valuetext', this.other ? `${name(this.value)} and ${name(this.other)}` : name(this.value));
    }

    key(event) {
      if (!(event.key in KEYS)) return;
      event.preventDefault();
      const [across, up] = KEYS[event.key], {spec} = this.figure, values = this.figure.now();
      const name = up && this.other ? this.other : this.value;
      this.figure.set({[name]: values[name] + (across + up) * spec.values[name].step});
    }

    grab(event) {
      if (event.button) return;
      event.preventDefault();
      const knob = this.point.node(), svg = knob.ownerSVGElement;
      const start = d3.pointer(event, svg), away = [this.place[0] - start[0], this.place[1] - start[1]];
      knob.focus({preventScroll: true});
      knob.setPointerCapture(event.pointerId);
      this.point.on('pointermove', (moved) => {
        this.figure.dragged = true;
        const [x, y] = d3.pointer(moved, svg);
        this.bring(x + away[0], y + away[1]);
      });
      this.point.on('pointerup pointercancel', () => this.point.on('pointermove', null));
    }

    /* To a place in pixels. */
    bring(x, y) {
      this.figure.set(this.drag(this.panel.x.invert(x), this.panel.y.invert(y), this.figure.now()));
    }
  }

  Interactive.Handle = Handle;
})();
