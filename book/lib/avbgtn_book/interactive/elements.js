/* The parts of a figure that are plain HTML: its question, and a control for each value without a handle. */
(() => {
  'use strict';

  let named = 0; // for ids: a label must name its control

  /* make('p', {class: 'said'}, 'words', anotherElement): an element with attributes and children. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
      else if (value !== false) element.setAttribute(name, value === true ? '' : value);
    }
    element.append(...children);
    return element;
  }

  /* The question of a figure. The reader commits to an answer; then `reveal` is called, and what is right is said.
   * question: {text, choices: [...], answer: index, because} or {text, unit, answer: number, within, because}. */
  function ask(question, reveal) {
    const name = `guess-${named++}`, byChoice = Boolean(question.choices);
    const button = make('button', {type: 'submit', disabled: true}, 'Reveal');
    const skip = make('button', {type: 'button', class: 'plain'}, 'Skip the question');
    skip.addEventListener('click', () => done(`${right}. `));
    const reply = make('p', {class: 'reply', role: 'status'});
    const box = make('fieldset', {}, make('legend', {}, question.text));
    if (byChoice) {
      question.choices.forEach((choice, i) => box.append(
        make('label', {}, make('input', {type: 'radio', name, value: i, autocomplete: 'off'}), ` ${choice}`)));
    } else {
      const field = make('input', {type: 'number', step: 'any', name, autocomplete: 'off'});
      box.append(make('label', {}, 'Your guess: ', field, ` ${question.unit}`));
    }
    const form = make('form', {class: 'question'}, box, make('div', {class: 'buttons'}, button, skip), reply);
    const given = () => new FormData(form).get(name);
    form.addEventListener('input', () => { button.disabled = given() === null || given() === ''; });
    form.addEventListener('submit', (event) => { event.preventDefault(); done(verdict(given())); });

    const right = byChoice ? question.choices[question.answer] : `It is ${question.answer} ${question.unit}`;
    function verdict(guess) {
      const away = Math.abs(Number(guess) - question.answer);
      return away <= question.within ? 'Right. ' : `${byChoice ? 'Not so: ' : ''}${right}. `;
    }
    function done(words) {
      const inside = form.contains(document.activeElement);
      box.disabled = true;
      button.parentElement.remove();
      reply.textContent = words + question.because;
      reveal(inside);
    }
    return form;
  }

  /* A native slider or list for a value; set(number or option) is called when the reader changes it. */
  function control(value, set) {
    const id = `control-${named++}`;
    if (value.options) {
      const list = make('select', {id, autocomplete: 'off', onchange: () => set(list.value)},
        ...value.options.map((option) => make('option', {value: option}, option)));
      const show = (now) => { list.value = now; };
      return {element: make('div', {class: 'control'}, make('label', {for: id}, value.label), list), show};
    }
    const {low, high, step} = value, output = make('output', {for: id});
    const slider = make('input', {
      type: 'range', id, min: low, max: high, step, autocomplete: 'off', oninput: () => set(Number(slider.value)),
    });
    const show = (now) => {
      slider.value = now;
      output.textContent = d3.format(value.format)(now);
      slider.setAttribute('aria-valuetext', output.textContent);
    };
    const label = make('label', {for: id}, `${value.label}: `, output);
    return {element: make('div', {class: 'control'}, label, slider), show};
  }

  Object.assign(Interactive, {make, ask, control});
})();
