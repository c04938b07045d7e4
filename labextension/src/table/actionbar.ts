import { StopButton } from '../card/stop.js';
import { button, div, fill, span } from '../dom.js';
import type { ActionName, Actions, ReplyMessage } from '../protocol.js';
import type { Context } from '../view.js';
import { runCount } from '../words.js';
import { askInLine } from './form.js';
import type { TableModel } from './model.js';
import { type Row, tagOf } from './rows.js';

/** What the bar asks of the table. */
export interface BarActions {
  open(id: string): void;
  rename(id: string): void;
  delete(ids: string[]): void;
  clear(): void;
  /** The bar has ended: the focus goes back to the rows. */
  done(): void;
}

/** What can be done with the chosen runs, in one line below the table. */
export class ActionBar {
  readonly node = div('jt-actions');

  constructor(
    private readonly model: TableModel,
    private readonly context: Context,
    private readonly actions: BarActions
  ) {
    this.node.setAttribute('role', 'toolbar');
    this.node.setAttribute('aria-label', 'Chosen runs');
  }

  /** Whether something is written in the bar. */
  asking = false;

  /** Show the actions for what is chosen now; return whether there are any. */
  show(): boolean {
    const rows = this.model.chosen;
    if (this.asking) {
      return true;
    }
    const shown = rows.map(row => `${row.id}${row.pinned}${row.baseline}${row.live}${row.deleted}${row.name}`).join();
    if (shown !== this.shown) {
      this.shown = shown;
      this.stop?.dispose();
      this.stop = null;
      fill(this.node, ...this.parts(rows));
    }
    return rows.length > 0;
  }

  dispose(): void {
    this.stop?.dispose();
  }

  private parts(rows: Row[]): HTMLElement[] {
    const [first] = rows;
    if (first === undefined) {
      return [];
    }
    const ids = rows.map(row => row.id);
    const words = { 'aria-label': 'Clear the selection', title: 'Clear (Esc)' };
    const close = button('✕', () => this.actions.clear(), words);
    const label = span('jt-cut jt-chosen-label', namesOf(rows));
    const run = <Name extends ActionName>(name: Name, args: Actions[Name]) => void this.call(name, args);
    if (this.context.still) {
      const open = button('Open', () => this.actions.open(first.id), { title: 'Open (Enter)' });
      return rows.length > 1 ? [close, label] : [close, label, open];
    }
    if (rows.every(row => row.deleted)) {
      return [close, label, button('Restore', () => run('restore', { runs: ids }))];
    }
    const pinned = rows.every(row => row.pinned);
    const pin = pinned
      ? button('Unpin', () => run('unpin', { runs: ids }))
      : button('Pin', () => run('pin', { runs: ids }));
    const several = [
      button('Tag', () => void this.tag(rows)),
      pin,
      button('Move', () => void this.move(rows)),
      button('Delete', () => this.actions.delete(ids))
    ];
    return rows.length > 1 ? [close, label, ...several] : [close, label, ...this.single(first), ...several];
  }

  private single(row: Row): HTMLElement[] {
    const buttons: HTMLElement[] = [
      button('Open', () => this.actions.open(row.id), { title: 'Open (Enter)' }),
      button('Rename', () => this.actions.rename(row.id), { title: 'Rename (F2)' }),
      button('Note', () => void this.note(row))
    ];
    buttons.push(
      row.baseline
        ? button('No baseline', () => void this.call('unbaseline', { run: row.id }), { title: 'Compare with no run any more' })
        : button('Baseline', () => void this.call('baseline', { run: row.id }), {
            title: 'Measure the other runs of its experiment against this one'
          })
    );
    if (row.live) {
      this.stop = new StopButton(this.context);
      this.stop.update({ id: row.id, stop: 'stop' });
      buttons.unshift(this.stop.node);
    }
    return buttons;
  }

  private async note(row: Row): Promise<void> {
    const values = await this.ask(`Note of ${nameOf(row)}`, [{ name: 'note', value: row.note }], 'Keep');
    if (values) {
      await this.call('note', { run: row.id, text: values[0] ?? '' });
    }
  }

  private async tag(rows: Row[]): Promise<void> {
    const keys = new Set([...this.model.store.rows.values()].flatMap(row => Object.keys(row.tags)));
    const field = { name: 'tag', required: true, proposals: [...keys].slice(0, 50) };
    const values = await this.ask(`Tag ${namesOf(rows)}`, [field, { name: 'value, empty to remove' }], 'Set');
    const [key, value] = values ?? [];
    if (key === undefined || key === '') {
      return;
    }
    const runs = rows.map(row => row.id);
    if (value) {
      await this.call('tag', { runs, key, value });
    } else {
      await this.call('untag', { runs: rows.filter(row => tagOf(row, key) !== undefined).map(row => row.id), key });
    }
  }

  private async move(rows: Row[]): Promise<void> {
    const present = new Set([...this.model.store.rows.values()].map(row => row.experiment).filter(Boolean));
    const fields = [{ name: 'experiment', required: true, proposals: [...present].slice(0, 50) }];
    const values = await this.ask(`Move ${namesOf(rows)} to`, fields, 'Move');
    if (values?.[0]) {
      await this.call('move', { runs: rows.map(row => row.id), experiment: values[0] });
    }
  }

  private async ask(...request: [string, Parameters<typeof askInLine>[2], string]): Promise<string[] | null> {
    this.asking = true;
    const values = await askInLine(this.node, ...request);
    this.asking = false;
    this.shown = null;
    this.show();
    this.actions.done();
    return values;
  }

  private async call<Name extends ActionName>(name: Name, args: Actions[Name]): Promise<ReplyMessage> {
    this.context.complain('');
    const reply = await this.context.requests.call(name, args);
    if (!reply.ok) {
      this.context.complain(reply.message ?? 'That was not done.');
    }
    return reply;
  }

  private shown: string | null = null;
  private stop: StopButton | null = null;
}

/** `baseline #12`, or `3 runs`. */
function namesOf(rows: readonly Row[]): string {
  return rows.length === 1 && rows[0] ? nameOf(rows[0]) : runCount(rows.length);
}

/** `baseline #12`. */
function nameOf(row: Row): string {
  return row.number === null ? row.name : `${row.name} #${row.number}`;
}
