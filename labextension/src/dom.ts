/**
 * The only way in which a panel makes elements. Strings become text nodes and attribute values, never markup, so no
 * name, note or param can run anything.
 */

import type { Spark, State } from './protocol.js';

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | null | undefined>;

/**
 * Lumino's mark for elements whose keys are not the host's commands: in a notebook, "a" or "d d" on a button would
 * else insert and delete cells. It counts on the focused element only, so each that takes the focus has it.
 */
const OWN_KEYS = 'data-lm-suppress-shortcuts';
const FOCUSABLE = new Set(['button', 'input', 'select', 'summary', 'textarea']);

/** Make an element: attributes that are null, undefined or false are left out, and so are empty children. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const node = document.createElement(tag);
  if (FOCUSABLE.has(tag) || attributes['tabindex'] !== undefined) {
    node.setAttribute(OWN_KEYS, 'true');
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? '' : String(value));
    }
  }
  append(node, children);
  return node;
}

/** A `<span>` with a class. */
export function span(className: string, ...children: Child[]): HTMLSpanElement {
  return element('span', { class: className || null }, ...children);
}

/** A `<div>` with a class. */
export function div(className: string, ...children: Child[]): HTMLDivElement {
  return element('div', { class: className || null }, ...children);
}

/** A button that looks like a word; `act` is called on a click, Enter or Space. */
export function button(label: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const node = element('button', { type: 'button', class: 'jt-button', ...attributes }, label);
  node.addEventListener('click', event => {
    event.stopPropagation();
    act();
  });
  return node;
}

/** Put `children` in the place of what `node` holds. */
export function fill(node: Element, ...children: Child[]): void {
  node.replaceChildren();
  append(node, children);
}

/** Set the text of a node, only where it differs: a text that stays is neither laid out nor read out again. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

const TOKENS = new Set(['running', 'better', 'worse', 'failed', 'warning', 'muted']);

/** The class of a colour; a colour of a newer version is muted. */
export function tokenClass(token: string): string {
  return `jt-${TOKENS.has(token) ? token : 'muted'}`;
}

/** The glyph of a state in its colour; its word is the label where it does not stand beside it. */
export function glyph(state: State, labelled: boolean): HTMLSpanElement {
  const node = span(`jt-glyph ${tokenClass(state.token)}`, state.glyph);
  if (labelled) {
    node.setAttribute('role', 'img');
    node.setAttribute('aria-label', state.word);
    node.title = state.word;
  } else {
    node.setAttribute('aria-hidden', 'true');
  }
  return node;
}

const PICTURE = /^data:image\/(svg\+xml|png)[;,]/;
const CONTENT = /^data:image\/(png|jpeg|svg\+xml|gif|webp);base64,[A-Za-z0-9+/]*={0,2}$/;
const LARGEST = 1000;

/** The picture of a curve, and `log` where its scale is. Only pictures that carry their own data are shown. */
export function picture(spark: Spark): HTMLSpanElement {
  if (!PICTURE.test(spark.uri)) {
    return span('jt-spark', spark.alt);
  }
  const image = element('img', {
    src: spark.uri,
    alt: spark.alt,
    title: spark.alt,
    width: side(spark.width),
    height: side(spark.height)
  });
  return span('jt-spark', image, spark.log && span('jt-muted', ' log'));
}

function side(length: number): number {
  return Number.isFinite(length) ? Math.min(Math.max(Math.round(length), 0), LARGEST) : 0;
}

/** Whether an address holds a picture itself, and none of its own: nothing is fetched, and in an `<img>` nothing runs. */
export function holdsPicture(uri: string): boolean {
  return CONTENT.test(uri);
}

const COLOR = /^#[0-9a-f]{6}$/i;

/** A colour of a run, or null where it is none: a style takes nothing else. */
export function runColor(color: string): string | null {
  return COLOR.test(color) ? color : null;
}

function append(node: Element, children: Child[]): void {
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false && child !== '') {
      node.append(child);
    }
  }
}
