// Views put on a page that is no notebook: one model for all that show runs, so that they filter, brush and select together.

import { h } from "../kit/dom.js";
import { StaticModel } from "../kit/static-model.js";

/**
 * @typedef {{ view: string, title?: string, group: string, state: Record<string, any> }} Placed `group`: views of one group share a model
 * @typedef {{ render: (context: any) => any }} View
 * @typedef {(name: string) => any} Load gives a view or a part of one by name: at once, as a promise, or undefined where it is not to be had
 * @typedef {(question: any) => any} Answerer
 */

/** The model of a page without a program behind it. */
export class PageModel extends StaticModel {
  /**
   * @param {Record<string, any>} state
   * @param {Answerer} answer
   */
  constructor(state, answer) {
    super(state, null);
    this.answer = answer;
  }
}

export class Stage {
  /** @type {Map<string, StaticModel>} */
  models = new Map();
  /** @type {Map<HTMLElement, () => void>} */
  #closers = new Map();

  /**
   * @param {Load} load
   * @param {(group: string, state: Record<string, any>) => StaticModel} makeModel
   */
  constructor(load, makeModel) {
    this.load = load;
    this.makeModel = makeModel;
  }

  /**
   * The model of a group; the first state wins, later ones add what it does not say.
   * @param {Placed} placed
   */
  modelOf({ group, state }) {
    let model = this.models.get(group);
    if (!model) {
      model = this.makeModel(group, {});
      this.models.set(group, model);
    }
    for (const [name, value] of Object.entries(state)) if (!(name in model.state)) model.state[name] = value;
    return model;
  }

  /**
   * @param {Placed} placed
   * @returns {HTMLElement} the view, in a section of its own
   */
  mount(placed) {
    const el = h("div", { class: "nbt-page-view", data: { view: placed.view } });
    const model = this.modelOf(placed);
    const view = this.load(placed.view);
    if (!(view instanceof Promise)) this.#draw(el, model, placed, view);
    else view.then((found) => this.#draw(el, model, placed, found)).catch((cause) => el.append(String(cause)));
    return el;
  }

  /** @param {HTMLElement} el @param {StaticModel} model @param {Placed} placed @param {View | undefined} view */
  #draw(el, model, placed, view) {
    if (!view) {
      el.append(h("p", { class: "nbt-page-quiet" }, `This page was made without the view "${placed.view}".`));
      return;
    }
    const close = view.render({ model, el, load: this.load });
    if (typeof close === "function") this.#closers.set(el, close);
  }

  /** @param {HTMLElement} el what `mount` returned */
  unmount(el) {
    this.#closers.get(el)?.();
    this.#closers.delete(el);
    el.remove();
  }
}
