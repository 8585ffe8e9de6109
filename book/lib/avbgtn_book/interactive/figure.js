/* An interactive figure: its values, its picture, and the sentence that says what the picture shows.
 *
 * A kind is what a chapter's script puts into Interactive.kinds:
 *   numbers(values, constants)   what is computed; Python computes the same, and a test compares both
 *   say(numbers, values, constants)   a sentence with the numbers, which is also read to those who cannot see
 *   layout(width, constants)     {height, panels: {name: box}} for a picture of this width in pixels
 *   draw(panels, figure)         the marks on the panels, from figure.values, figure.numbers, figure.constants
 *   handles                      [{panel: name, ...}], see handle.js
 *   settle(numbers)              values that the played value has led to, if the reader goes on from there
 *   speed                        steps of the played value per second, where 30 are too many
 *   open                         whether the handles are there before the question is answered, too
 *
 * What carries the class "answer" is hidden until the reader has answered the figure's question.
 */
(() => {
  'use strict';

  const STEPS_PER_SECOND = 30;
  const {make, ask, control} = Interactive;

  class Figure {
    constructor(container) {
      this.container = container;
      this.spec = JSON.parse(container.querySelector('script').textContent);
      this.kind = Interactive.kinds[this.spec.kind];
      this.constants = this.spec.constants;
      this.values = this.start();
      this.said = make('p', {class: 'said answer', 'aria-live': 'polite'});
      this.picture = d3.create('svg').attr('class', 'picture').on('click', (event) => this.tap(event))
        .on('pointerdown', () => { this.dragged = false; });
      const parts = [this.picture.node(), this.said, this.controls()];
      if (this.spec.question) {
        container.classList.add('asking');
        parts.unshift(ask(this.spec.question, (focus) => this.reveal(focus)));
      }
      this.stage = make('div', {class: 'interactive-live'}, ...parts);
      container.append(this.stage);
      container.classList.add('live');
      container.figure = this;
      new ResizeObserver(() => this.build()).observe(this.stage);
      this.build();
    }

    start() {
      return Object.fromEntries(Object.entries(this.spec.values).map(([name, value]) => [name, value.start]));
    }

    /* Sliders and lists for the values that no handle changes, and the buttons. */
    controls() {
      const held = new Set(this.kind.handles.flatMap(({value, other}) => [value, other]));
      const free = Object.entries(this.spec.values).filter(([name]) => !held.has(name));
      this.inputs = Object.fromEntries(free.map(([name, value]) => [
        name, control(value, (now) => { this.pause(); this.set({[name]: now}); })]));
      const box = make('div', {class: 'controls answer'}), buttons = make('div', {class: 'buttons'});
      if (this.spec.plays) {
        this.playing = make('button', {type: 'button', onclick: () => this.run ? this.pause() : this.play()}, 'Run');
        buttons.append(this.playing);
      }
      buttons.append(make('button', {type: 'button', class: 'plain', onclick: () => this.reset()}, 'Reset'));
      box.append(...Object.values(this.inputs).map(({element}) => element), buttons);
      const how = 'Drag a marked point, tap where it should go, or move it with the arrow keys.';
      box.append(make('p', {class: 'hint'}, how));
      return box;
    }

    /* The values, where a run has changed them as it left them. */
    now() {
      return {...this.values, ...this.kind.settle?.(this.numbers)};
    }

    /* Change values, each kept on its grid and within its bounds. */
    set(changes) {
      const played = this.spec.plays, rewinds = played && !(played in changes);
      if (rewinds) {
        this.pause();
        this.values = {...this.now(), [played]: this.spec.values[played].low};
      }
      for (const [name, wanted] of Object.entries(changes)) {
        const {low, high, step, options} = this.spec.values[name];
        const steps = Math.round((Math.min(high, Math.max(low, wanted)) - low) / step);
        this.values[name] = options ? wanted : Number((low + steps * step).toFixed(9));
      }
      this.show();
    }

    show() {
      this.numbers = this.kind.numbers(this.values, this.constants);
      this.kind.draw(this.panels, this);
      for (const handle of this.handles) handle.show(this.now());
      for (const [name, input] of Object.entries(this.inputs)) input.show(this.values[name]);
      this.said.textContent = this.kind.say(this.numbers, this.values, this.constants);
    }

    /* The picture anew, as wide as there is room. */
    build() {
      const width = Math.floor(this.stage.clientWidth);
      if (!width || width === this.width) return;
      this.width = width;
      const focused = this.handles?.findIndex(({point}) => point.node() === document.activeElement);
      const {height, panels} = this.kind.layout(width, this.constants);
      this.picture.attr('width', width).attr('height', height).selectAll('*').remove();
      const drawn = this.picture.append('g').attr('role', 'img').attr('aria-label', this.spec.alt);
      this.panels = Object.fromEntries(Object.entries(panels).map(([name, box]) => [
        name, new Interactive.Panel(drawn, box)]));
      const layer = this.picture.append('g').attr('class', this.kind.open ? '' : 'answer');
      this.handles = this.kind.handles.map((what) => new Interactive.Handle(
        this, layer, {...what, panel: this.panels[what.panel]}));
      this.show();
      this.handles[focused]?.point.node().focus({preventScroll: true});
    }

    /* A tap beside the handles brings the nearest one there: no dragging is needed. The click that ends a drag,
     * which reaches the picture in some browsers, is no tap. */
    tap(event) {
      const closed = this.container.classList.contains('asking') && !this.kind.open;
      if (this.dragged || event.target.closest('.handle') || closed) return;
      const [x, y] = d3.pointer(event, this.picture.node());
      const near = d3.least(this.handles, ({place}) => Math.hypot(place[0] - x, place[1] - y));
      near.bring(x, y);
    }

    reveal(focus) {
      this.container.classList.remove('asking');
      this.set(this.spec.question.then);
      if (this.spec.plays) this.play();
      if (focus) this.handles[0].point.node().focus({preventScroll: true});
    }

    reset() {
      this.pause();
      this.values = this.start();
      this.show();
    }

    /* Let the played value run to its end; at once for readers who want no motion. While it runs nothing is said. */
    play() {
      const name = this.spec.plays, {low, high, step} = this.spec.values[name];
      const begin = this.values[name] >= high ? low : this.values[name];
      if (matchMedia('(prefers-reduced-motion: reduce)').matches) return this.set({[name]: high});
      let started;
      const speed = this.kind.speed ?? STEPS_PER_SECOND;
      const frame = (time) => {
        started ??= time;
        const now = Math.min(high, begin + step * Math.floor((time - started) / 1000 * speed));
        if (now >= high) this.pause(); else this.run = requestAnimationFrame(frame);
        this.set({[name]: now});
      };
      this.said.setAttribute('aria-live', 'off');
      this.playing.textContent = 'Pause';
      this.run = requestAnimationFrame(frame);
    }

    pause() {
      cancelAnimationFrame(this.run);
      this.run = undefined;
      this.said.setAttribute('aria-live', 'polite');
      if (this.playing) this.playing.textContent = 'Run';
    }
  }

  document.addEventListener('DOMContentLoaded', () => {
    for (const container of document.querySelectorAll('.interactive')) new Figure(container);
  });
})();
