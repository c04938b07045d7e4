import { button, div, element, fill, span } from './dom.js';
import { askInLine } from './table/form.js';
import type { Context } from './view.js';
import { runCount } from './words.js';

const FILE = 'report.html';

/** The button that writes a report, and the line that asks for its name and then says where it is. */
export class Reporting {
  readonly line = div('jt-report-line');
  readonly button = button('Report…', () => void this.ask(), {
    class: 'jt-button jt-report-button',
    title: 'Write a report of the selected runs, else of all that are shown, beside the notebook'
  });

  /**
   * @param runs - the runs that are selected
   */
  constructor(
    private readonly context: Context,
    private readonly runs: () => readonly string[]
  ) {
    this.button.hidden = context.still === true;
  }

  private async ask(): Promise<void> {
    if (this.busy) {
      this.line.querySelector('input')?.focus();
      return;
    }
    this.busy = true;
    try {
      await this.write();
    } finally {
      this.busy = false;
    }
  }

  private async write(): Promise<void> {
    this.context.complain('');
    const runs = [...this.runs()];
    const label = `Report of ${runs.length === 0 ? 'these runs' : runCount(runs.length)} in`;
    const values = await askInLine(this.line, label, [{ name: 'file', value: FILE, required: true }], 'Write');
    const file = values?.[0];
    if (file === undefined) {
      this.clear();
      return;
    }
    fill(this.line, span('jt-muted', 'Writing the report…'));
    const reply = await this.context.requests.call('report', { runs, file });
    if (!reply.ok || reply.text === undefined) {
      fill(this.line);
      this.context.complain(reply.message ?? 'The report was not written.');
      return;
    }
    await this.show(reply.text, reply.said ?? '');
  }

  private async show(name: string, size: string): Promise<void> {
    const href = await this.context.addressOf?.(this.line, name);
    const shown = href ? element('a', { href, target: '_blank', rel: 'noopener' }, name) : span('', name);
    const close = button('✕', () => this.clear(), { 'aria-label': 'Close', title: 'Close' });
    fill(this.line, shown, span('jt-muted', [size, 'beside the notebook'].filter(Boolean).join(' · ')), close);
    this.context.announce(`${name} is written`);
  }

  private clear(): void {
    fill(this.line);
    this.button.focus();
  }

  /** From the press until the file is named, or what is wrong is said: the line is taken. */
  private busy = false;
}
