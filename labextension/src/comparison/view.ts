import { button, div, element, fill, span } from '../dom.js';
import { type Mount, PartTransport } from '../parts.js';
import type { ComparedLine, ComparisonMessage, ComparisonState, KernelMessage } from '../protocol.js';
import { detailsPane } from '../table/details.js';
import { isKernelMessage, type Transport } from '../transport.js';
import type { Context, View } from '../view.js';
import { copyText } from '../clipboard.js';
import { CodeDiffs } from './diff.js';
import { columnHeads, type ColumnActions, lineRows } from './lines.js';
import { Media } from './media.js';
import { JoinedTable } from './rows.js';

/** What changed comes first; what surrounds a run comes last. */
const LAST = new Set(['tags', 'environment', 'run']);
const COPIED_FOR = 2000;

/** Runs side by side: what differs, curves, pictures, tables and code. */
export class ComparisonView implements View {
  readonly node = element('div', { class: 'jt-comparison' });

  constructor(
    private readonly context: Context,
    transport: Transport,
    private readonly mount: Mount
  ) {
    this.codes = new CodeDiffs(context);
    this.curves = new PartTransport('curves', transport);
    this.media = new Media(context);
    this.copy = button('Copy as Markdown', () => void this.copyMarkdown());
    this.node.append(this.top, this.codes.node, this.drawn, this.media.node, this.tables);
    this.node.append(this.bottom, this.same, this.foot, this.details);
  }

  receive(message: KernelMessage): void {
    if (message.type === 'comparison') {
      this.take(message);
    } else if (message.type === 'part') {
      if (isKernelMessage(message.message)) {
        this.curves.say(message.message);
      }
    } else if (message.type === 'comparison-rows') {
      this.joined.get(message.table)?.receive(message);
    }
  }

  freeze(): void {
    this.frozen = true;
    this.curves.close();
    this.drawLines();
    this.drawFoot();
  }

  dispose(): void {
    clearTimeout(this.telling);
    this.codes.dispose();
    this.unmount?.();
    this.media.dispose();
    this.joined.forEach(each => each.dispose());
  }

  private take(message: ComparisonMessage): void {
    if (message.rev <= this.rev) {
      return;
    }
    this.rev = message.rev;
    const { type: _, rev: __, ...parts } = message;
    this.state = { ...this.state, ...parts };
    const { state } = this;
    if (parts.runs) {
      this.context.shared.paint(state.runs.map(run => [run.id, { color: run.color, dash: run.dash, opacity: 1 }]));
    }
    this.drawLines();
    if (parts.code) {
      this.codes.show(state.code);
    }
    if (parts.curves) {
      this.showCurves();
    }
    if (parts.media || parts.runs) {
      this.media.show(state.media, state.runs);
    }
    if (parts.tables || parts.runs) {
      this.showTables();
    }
    if (this.equal !== null && parts.runs) {
      void this.showEqual(true);
    }
    this.drawFoot();
  }

  /** The curves are a view of their own, with all that it can do; it is there once there is a curve. */
  private showCurves(): void {
    this.drawn.hidden = this.state.curves.length === 0;
    if (!this.drawn.hidden && this.unmount === null && !this.frozen) {
      this.unmount = this.mount(this.drawn, this.curves, this.context.shared);
    }
  }

  private drawLines(): void {
    const first = this.state.lines.filter(line => !LAST.has(line.group));
    const last = this.state.lines.filter(line => LAST.has(line.group));
    const focused = document.activeElement?.getAttribute('aria-label') ?? null;
    const heads = columnHeads(this.state.runs, this.frozen ? null : this.actions);
    fill(this.top, this.table(first, heads));
    fill(this.bottom, last.length > 0 && this.table(last, null));
    this.bottom.hidden = last.length === 0;
    if (focused !== null) {
      this.refocus(focused);
    }
  }

  /** The button that had the focus is another element now. */
  private refocus(label: string): void {
    const buttons = [...this.top.querySelectorAll<HTMLElement>('button')];
    buttons.find(each => each.getAttribute('aria-label') === label)?.focus({ preventScroll: true });
  }

  private table(lines: readonly ComparedLine[], heads: HTMLElement | null): HTMLElement {
    const node = element('table', { class: 'jt-lines', 'aria-label': heads === null ? 'tags and environment' : 'what differs' });
    node.style.setProperty('--jt-columns', String(this.state.runs.length));
    node.append(this.widths(), ...(heads === null ? [] : [heads]), lineRows(lines));
    return node;
  }

  /** The columns of all tables have the same widths, so that they stand under one another. */
  private widths(): HTMLElement {
    const columns = this.state.runs.map(() => element('col', {}));
    return element('colgroup', {}, element('col', { class: 'jt-col-group' }), element('col', { class: 'jt-col-label' }), ...columns);
  }

  private showTables(): void {
    const names = new Set(this.state.tables.map(slot => slot.name));
    this.joined.forEach((made, name) => {
      if (!names.has(name)) {
        made.dispose();
        made.node.remove();
        this.joined.delete(name);
      }
    });
    for (const slot of this.state.tables) {
      const known = this.joined.get(slot.name);
      if (known !== undefined) {
        known.update(slot, this.state.runs);
      } else {
        const made = new JoinedTable(slot, this.state.runs, this.context);
        this.joined.set(slot.name, made);
        this.tables.append(made.node);
      }
    }
  }

  private drawFoot(): void {
    const { equal, more, method, note } = this.state;
    const shown = this.equal !== null;
    const toggle = button(shown ? 'hide' : 'show', () => void this.showEqual(!shown), { 'aria-expanded': String(shown) });
    fill(
      this.foot,
      note && span('jt-muted', note),
      this.state.lines.length === 0 && span('jt-muted', 'Nothing differs.'),
      equal > 0 && span('', span('jt-muted', `${equal.toLocaleString('en-US')} equal · `), !this.frozen && toggle),
      more > 0 && span('jt-muted', `${more.toLocaleString('en-US')} more ${more === 1 ? 'is' : 'are'} not shown`),
      method && span('jt-muted', `intervals: ${method}`),
      !this.frozen && this.copy
    );
  }

  /** Show the lines in which all are equal, or hide them. */
  private async showEqual(show: boolean): Promise<void> {
    if (!show) {
      this.equal = null;
    } else {
      const reply = await this.context.requests.call('equal', {});
      if (!reply.ok) {
        this.context.complain(reply.message ?? 'They could not be read.');
        return;
      }
      this.equal = reply.lines ?? [];
    }
    fill(this.same, this.equal !== null && this.table(this.equal, null));
    this.drawFoot();
  }

  private get actions(): ColumnActions {
    const changes = { first: (run: string) => void this.act('first', run), remove: (run: string) => void this.act('remove', run) };
    return {
      open: run => void this.open(run),
      hover: run => this.context.shared.hover(run),
      ...(this.context.still ? {} : changes)
    };
  }

  private async act(name: 'first' | 'remove', run: string): Promise<void> {
    this.context.complain('');
    const reply = await this.context.requests.call(name, { run });
    if (!reply.ok) {
      this.context.complain(reply.message ?? 'That did not work.');
    }
  }

  private async open(run: string): Promise<void> {
    this.context.complain('');
    const reply = await this.context.requests.call('open', { run });
    if (!reply.ok || !reply.details) {
      this.context.complain(reply.message ?? 'This run cannot be read.');
      return;
    }
    const pane = detailsPane(reply.details, () => fill(this.details));
    fill(this.details, pane);
    pane.focus();
  }

  private async copyMarkdown(): Promise<void> {
    const reply = await this.context.requests.call('markdown', {});
    if (!reply.ok || reply.text === undefined || !(await copyText(reply.text, this.node))) {
      this.context.complain(reply.message || 'The clipboard cannot be written here; panel.to_markdown() gives the text.');
      return;
    }
    this.context.announce('Copied as Markdown');
    this.copy.textContent = 'Copied';
    clearTimeout(this.telling);
    this.telling = setTimeout(() => (this.copy.textContent = 'Copy as Markdown'), COPIED_FOR);
  }

  private state: ComparisonState = {
    runs: [], lines: [], equal: 0, more: 0, method: '', code: [], media: [], tables: [], curves: [], grouped: false
  };
  private readonly codes: CodeDiffs;
  private readonly curves: PartTransport;
  private readonly drawn = element('section', { class: 'jt-overlaid', 'aria-label': 'Curves' });
  private unmount: (() => void) | null = null;
  private readonly media: Media;
  private readonly copy: HTMLButtonElement;
  private readonly top = div('jt-lines-place');
  private readonly tables = div('');
  private readonly bottom = div('jt-lines-place');
  private readonly same = div('jt-lines-place jt-same');
  private readonly foot = div('jt-line jt-comparison-foot');
  private readonly details = div('');
  private readonly joined = new Map<string, JoinedTable>();
  private equal: ComparedLine[] | null = null;
  private telling: ReturnType<typeof setTimeout> | undefined;
  private rev = Number.NEGATIVE_INFINITY;
  private frozen = false;
}
