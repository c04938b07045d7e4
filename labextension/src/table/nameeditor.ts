import { element } from '../dom.js';

/**
 * Let a person write in the place of a name: Enter and leaving keep it, Esc does not.
 *
 * @param done - called when the cell holds again what it held
 * @returns the new name, or null where it stays
 */
export function editedIn(cell: HTMLElement, name: string, done: () => void): Promise<string | null> {
  const field = element('input', { type: 'text', class: 'jt-field', 'aria-label': 'Name', value: name });
  const before = [...cell.childNodes];
  cell.replaceChildren(field);
  field.focus();
  field.select();
  return new Promise(resolve => {
    let over = false;
    const end = (text: string | null) => {
      if (over) {
        return; // taking the field away makes it lose the focus
      }
      over = true;
      cell.replaceChildren(...before);
      done();
      resolve(text && text !== name ? text : null);
    };
    field.addEventListener('keydown', event => {
      event.stopPropagation();
      if (event.key === 'Enter' || event.key === 'Escape') {
        end(event.key === 'Enter' ? field.value.trim() : null);
      }
    });
    field.addEventListener('blur', () => end(field.value.trim()));
  });
}
