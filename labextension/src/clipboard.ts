import { element } from './dom.js';

/** Put text into the clipboard; false where the host does not let us. */
export async function copyText(text: string, near: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text, near); // a page without https, or a frame without the permission
  }
}

function copyBySelection(text: string, near: HTMLElement): boolean {
  const field = element('textarea', { class: 'jt-unseen', 'aria-hidden': 'true' });
  field.value = text;
  near.append(field);
  field.select();
  let copied = false;
  try {
    copied = document.execCommand('copy');
  } catch {
    copied = false;
  }
  field.remove();
  return copied;
}
