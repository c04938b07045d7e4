import type { Context } from '../view.js';
import type { TableModel } from './model.js';

/** How long a deletion can be undone in place, in milliseconds. */
const UNDO_FOR = 10_000;

/** Deleting, with undo in the place of the rows. */
export class Deletions {
  /**
   * @param onChange - called when the lines are others
   */
  constructor(
    private readonly model: TableModel,
    private readonly context: Context,
    private readonly onChange: () => void
  ) {}

  /** Delete runs; they leave the page at once, and come back where the kernel refuses. */
  async delete(ids: string[]): Promise<void> {
    const present = ids.filter(id => this.model.store.rows.has(id));
    const before = new Set(this.model.deleted.keys());
    if (present.length === 0) {
      return;
    }
    this.model.bury(present);
    const place = [...this.model.deleted.keys()].find(key => !before.has(key));
    if (place === undefined) {
      return;
    }
    this.timers.set(place, setTimeout(() => this.forget(place), UNDO_FOR));
    this.onChange();
    const reply = await this.context.requests.call('delete', { runs: present });
    if (!reply.ok) {
      this.restore(place);
      this.context.complain(reply.message ?? 'Nothing was deleted.');
    } else if (reply.said) {
      this.context.tell(reply.said);
    }
  }

  /** Take back the deletion at a place, or the last one. */
  async undo(place: string | null): Promise<void> {
    const key = place ?? [...this.timers.keys()].at(-1);
    const rows = key === undefined ? undefined : this.model.deleted.get(key);
    if (key === undefined || rows === undefined) {
      return;
    }
    this.restore(key);
    const reply = await this.context.requests.call('restore', { runs: rows.map(row => row.id) });
    if (!reply.ok) {
      this.context.complain(reply.message ?? 'The runs were not restored; they are still in the bin.');
    }
  }

  dispose(): void {
    this.timers.forEach(timer => clearTimeout(timer));
  }

  private restore(place: string): void {
    this.end(place);
    this.model.unearth(place);
    this.onChange();
  }

  private forget(place: string): void {
    this.end(place);
    this.model.forget(place);
    this.onChange();
  }

  private end(place: string): void {
    clearTimeout(this.timers.get(place));
    this.timers.delete(place);
  }

  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
}
