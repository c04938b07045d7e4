import { button, div, element, fill, span } from '../dom.js';
import type { Card } from '../protocol.js';
import type { Context } from '../view.js';

/** The note of a run: a line that becomes a field when it is chosen. Enter keeps it, Esc leaves it as it was. */
export class NoteField {
  readonly node = div('jt-note');

  constructor(private readonly context: Context) {}

  /** Show the note of a card; a field that is being written in is left alone. */
  update(card: Card): void {
    this.run = card.id;
    if (card.note !== this.text || this.node.childElementCount === 0) {
      this.text = card.note;
      if (!this.editing) {
        this.show();
      }
    }
  }

  /** The kernel is gone: the note is shown and cannot be changed. */
  freeze(): void {
    this.frozen = true;
    this.show();
  }

  private show(): void {
    this.editing = false;
    this.node.classList.remove('jt-editing');
    const change = this.frozen ? null : button(this.text ? 'Edit note' : 'Add note', () => this.edit());
    fill(this.node, this.text && span('jt-note-text', this.text), change);
  }

  private edit(): void {
    this.editing = true;
    this.node.classList.add('jt-editing');
    const field = element('input', { type: 'text', class: 'jt-field', 'aria-label': 'Note', value: this.text });
    field.addEventListener('keydown', event => {
      event.stopPropagation();
      if (event.key === 'Enter') {
        void this.keep(field.value.trim());
      } else if (event.key === 'Escape') {
        this.close();
      }
    });
    field.addEventListener('blur', () => {
      // Later: a field that was taken from the page is still being written in, and may come back.
      setTimeout(() => {
        if (this.editing && field.isConnected && document.activeElement !== field) {
          void this.keep(field.value.trim());
        }
      });
    });
    fill(this.node, field);
    field.focus();
  }

  private async keep(text: string): Promise<void> {
    const before = this.text;
    this.text = text;
    this.close();
    if (text === before) {
      return;
    }
    const reply = await this.context.requests.call('note', { run: this.run, text });
    if (!reply.ok) {
      this.text = before;
      this.show();
      this.context.complain(reply.message ?? 'The note was not kept.');
    }
  }

  private close(): void {
    const hadFocus = this.node.contains(document.activeElement);
    this.show();
    if (hadFocus) {
      this.node.querySelector('button')?.focus();
    }
  }

  private run = '';
  private text = '';
  private editing = false;
  private frozen = false;
}
