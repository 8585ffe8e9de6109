/* A panel: one pair of axes in a picture, and marks on it that are found again by their names.
 *
 * Drawing a mark a second time moves it, so a figure's `draw` can be called after every change.
 * A look is a class of book/_assets/interactive.css, which has its colours in light and in dark.
 */
(() => {
  'use strict';

  class Panel {
    /* box: {left, top, width, height} in pixels; x, y: [low, high]; xlabel, ylabel, xticks, yticks, and
     * xformat, yformat: how a tick is written. */
    constructor(svg, {left, top, width, height, x, y, ...axes}) {
      this.x = d3.scaleLinear(x, [left, left + width]);
      this.y = d3.scaleLinear(y, [top + height, top]);
      this.group = svg.append('g');
      if (axes.xticks !== false) this.#axis('x', axes, left, top, width, height);
      if (axes.yticks) this.#axis('y', axes, left, top, width, height);
    }

    #axis(way, axes, left, top, width, height) {
      const axis = way === 'x' ? d3.axisBottom(this.x) : d3.axisLeft(this.y);
      const ticks = axes[`${way}ticks`], label = axes[`${way}label`];
      if (Array.isArray(ticks)) axis.tickValues(ticks); else axis.ticks(Math.max(3, width / 70));
      const place = way === 'x' ? `translate(0,${top + height})` : `translate(${left},0)`;
      axis.tickFormat(axes[`${way}format`] ?? d3.format('~g')).tickSizeOuter(0);
      this.group.append('g').attr('class', 'axis').attr('transform', place).call(axis);
      if (!label) return;
      const text = this.group.append('text').attr('class', 'label').text(label);
      if (way === 'x') text.attr('x', left + width).attr('y', top + height + 36).attr('text-anchor', 'end');
      else text.attr('x', left - 30).attr('y', top - 10);
    }

    /* The one element of this name, made where it is missing. */
    mark(tag, name, look) {
      const found = this.group.selectAll(`[data-mark="${name}"]`).data([name]);
      return found.join(tag).attr('data-mark', name).attr('class', look);
    }

    /* A curve through points [[x, y], ...]. */
    line(name, points, look) {
      const path = d3.line(([x]) => this.x(x), ([, y]) => this.y(y));
      this.mark('path', name, `line ${look}`).attr('d', path(points));
    }

    /* What lies between a curve and the height 0. */
    area(name, points, look) {
      const path = d3.area().x(([x]) => this.x(x)).y0(this.y(0)).y1(([, y]) => this.y(y));
      this.mark('path', name, `area ${look}`).attr('d', path(points));
    }

    /* A box from x0 to x1, from y0 to y1. */
    bar(name, x0, x1, y0, y1, look) {
      const [left, right] = [this.x(x0), this.x(x1)].sort(d3.ascending);
      const [top, bottom] = [this.y(y0), this.y(y1)].sort(d3.ascending);
      this.mark('rect', name, `bar ${look}`)
        .attr('x', left).attr('width', right - left).attr('y', top).attr('height', bottom - top);
    }

    /* From one place to another, with a head. */
    arrow(name, x0, y0, x1, y1) {
      const [x, y] = [this.x(x1), this.y(y1)], angle = Math.atan2(y - this.y(y0), x - this.x(x0));
      const side = (turn) => `M${x},${y}l${-5 * Math.cos(angle + turn)},${-5 * Math.sin(angle + turn)}`;
      this.mark('path', name, 'line faint')
        .attr('d', `M${this.x(x0)},${this.y(y0)}L${x},${y}${side(0.5)}${side(-0.5)}`);
    }

    dot(name, x, y, radius, look) {
      this.mark('circle', name, `dot ${look}`).attr('cx', this.x(x)).attr('cy', this.y(y)).attr('r', radius);
    }

    /* A picture by its address over the whole panel, of which the part from x0 to x1 is seen. */
    picture(name, href, x0, x1) {
      const [left, right] = [this.x(x0), this.x(x1)], [low, high] = this.x.range(), [bottom, top] = this.y.range();
      const window = this.mark('svg', name, 'window').attr('x', left).attr('width', Math.max(0, right - left))
        .attr('y', top).attr('height', bottom - top);
      window.selectAll('image').data([href]).join('image').attr('href', href).attr('x', low - left)
        .attr('width', high - low).attr('height', bottom - top);
    }

    /* Words at a place; anchor: start, middle or end; shift: pixels [right, down]. */
    words(name, x, y, text, look = '', anchor = 'start', shift = [0, 0]) {
      this.mark('text', name, look).attr('text-anchor', anchor)
        .attr('x', this.x(x) + shift[0]).attr('y', this.y(y) + shift[1]).text(text);
    }
  }

  window.Interactive = {Panel, kinds: {}};
})();
