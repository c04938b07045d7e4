import { button, element, fill } from '../dom.js';

/** A field of a form in one line. */
export interface Field {
  name: string;
  value?: string;
  /** Proposals, which need not be taken. */
  proposals?: readonly string[];
  required?: boolean;
}

let lists = 0;

/**
 * Ask for a few words in the place of what `host` shows, without a dialog.
 *
 * Enter or the button keeps them, Esc or Cancel leaves all as it was.
 *
 * @returns the values in the order of the fields, or null
 */
export function askInLine(
  host: HTMLElement,
  label: string,
  fields: readonly Field[],
  verb: string
): Promise<string[] | null> {
  return new Promise(resolve => {
    const inputs = fields.map(field => inputOf(field));
    const form = element('form', { class: 'jt-form', 'aria-label': label }, element('span', {}, label));
    const end = (values: string[] | null) => resolve(values);
    form.append(...inputs.flatMap(input => [input.node, input.list ?? '']));
    form.append(element('button', { type: 'submit', class: 'jt-button' }, verb));
    form.append(button('Cancel', () => end(null)));
    form.addEventListener('submit', event => {
      event.preventDefault();
      const values = inputs.map(input => input.node.value.trim());
      const missing = inputs.find((input, place) => fields[place]?.required && input.node.value.trim() === '');
      if (missing) {
        missing.node.focus();
      } else {
        end(values);
      }
    });
    form.addEventListener('keydown', event => {
      event.stopPropagation();
      if (event.key === 'Escape') {
        end(null);
      }
    });
    fill(host, form);
    inputs[0]?.node.focus();
  });
}

function inputOf(field: Field): { node: HTMLInputElement; list: HTMLElement | null } {
  const id = field.proposals?.length ? `jt-list-${++lists}` : null;
  const node = element('input', {
    type: 'text',
    class: 'jt-field',
    placeholder: field.name,
    'aria-label': field.name,
    value: field.value ?? '',
    list: id
  });
  const options = (field.proposals ?? []).map(value => element('option', { value }));
  return { node, list: id === null ? null : element('datalist', { id }, ...options) };
}
