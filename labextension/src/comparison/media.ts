import { button, div, element, fill, span } from '../dom.js';
import type { ComparedRun, MediaSlot } from '../protocol.js';
import type { Context } from '../view.js';
import { PictureSlot, PictureStore } from './pictures.js';

/** All figures and images; those that are equal in all runs are counted. */
export class Media {
  readonly node = element('section', { class: 'jt-media', 'aria-label': 'Figures and images' });

  constructor(context: Context) {
    this.store = new PictureStore(context);
    this.node.append(this.place, this.foot);
  }

  show(slots: readonly MediaSlot[], runs: readonly ComparedRun[]): void {
    const shown = slots.filter(slot => this.withEqual || !slot.equal);
    const equal = slots.length - slots.filter(slot => !slot.equal).length;
    const keys = new Set(shown.map(keyOf));
    this.made.forEach((made, key) => {
      if (!keys.has(key)) {
        made.dispose();
        made.node.remove();
        this.made.delete(key);
      }
    });
    for (const slot of shown) {
      const known = this.made.get(keyOf(slot));
      if (known === undefined) {
        this.made.set(keyOf(slot), new PictureSlot(slot, runs, this.store));
      } else {
        known.update(slot, runs);
      }
    }
    const nodes = shown.flatMap(slot => this.made.get(keyOf(slot))?.node ?? []);
    if (nodes.length !== this.place.children.length || nodes.some((node, at) => this.place.children[at] !== node)) {
      this.place.replaceChildren(...nodes); // a slot that stays keeps its focus
    }
    this.node.hidden = slots.length === 0;
    const words = `${equal} ${equal === 1 ? 'figure is' : 'figures are'} equal · `;
    const toggle = () => {
      this.withEqual = !this.withEqual;
      this.show(slots, runs);
    };
    fill(this.foot, equal > 0 && span('jt-muted', words), equal > 0 && button(this.withEqual ? 'hide' : 'show', toggle));
  }

  dispose(): void {
    this.made.forEach(each => each.dispose());
  }

  private readonly store: PictureStore;
  private readonly place = div('jt-slots');
  private readonly foot = div('jt-line');
  private readonly made = new Map<string, PictureSlot>();
  private withEqual = false;
}

function keyOf(slot: MediaSlot): string {
  return `${slot.kind} ${slot.name}`;
}
