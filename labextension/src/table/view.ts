import { div, element, fill, span } from '../dom.js';
import { Pace } from '../pace.js';
import type { Choices, KernelMessage } from '../protocol.js';
import { Reporting } from '../reporting.js';
import type { Aspect } from '../shared.js';
import type { Context, View } from '../view.js';
import { ActionBar } from './actionbar.js';
import { Chooser } from './chooser.js';
import { Deletions } from './deletions.js';
import { detailsPane } from './details.js';
import { Filtering } from './filtering.js';
import { emptyLine, Foot } from './foot.js';
import { Grid } from './grid.js';
import { TableModel } from './model.js';
import { NOTHING, selected } from './selection.js';
import { Toolbar } from './toolbar.js';

/** Text changes at most four times a second. */
const INTERVAL = 250;
/** How long after the last change what was chosen is sent to the kernel, in milliseconds. */
const SETTLE = 400;

/** The table of runs: it puts the parts together and passes on what happens in one of them. */
export class TableView implements View {
  readonly node = div('jt-table');

  constructor(private readonly context: Context) {
    const refresh = () => this.refresh();
    this.filtering = new Filtering(this.model, context, refresh);
    this.deletions = new Deletions(this.model, context, refresh);
    this.grid = new Grid(this.model, {
      sort: keys => this.choose({ sort: keys }),
      resize: (column, width, done) => this.resize(column, width, done),
      place: (column, before) => this.place(column, before),
      selected: () => this.onSelection(),
      rearranged: refresh,
      open: id => void this.open(id),
      rename: id => void this.rename(id),
      search: () => this.toolbar.focus(),
      clear: () => this.clear(),
      delete: ids => void (context.still || this.deletions.delete(ids)),
      undo: place => void (context.still || this.deletions.undo(place)),
      scrolled: () => this.wantCurves.ask()
    });
    this.reporting = new Reporting(context, () => selected(this.model.selection));
    const above = {
      filter: (text: string, now: boolean) => this.filter(text, now),
      group: (id: string) => this.choose({ group: id }),
      columns: () => this.openChooser(this.chooser.node.hidden),
      rows: () => this.grid.focus()
    };
    this.toolbar = new Toolbar(this.model, above, this.reporting.button);
    this.chooser = new Chooser(this.model, {
      choose: shown => this.choose({ columns: shown }),
      share: shared => this.share(shared),
      close: () => this.openChooser(false)
    });
    this.foot = new Foot(this.model, shown => this.choose({ columns: shown }));
    this.bar = new ActionBar(this.model, context, {
      open: id => void this.open(id),
      rename: id => void this.rename(id),
      delete: ids => void this.deletions.delete(ids),
      clear: () => this.clear(),
      done: () => this.grid.focus()
    });
    const below = div('jt-below', this.foot.node, this.bar.node);
    this.node.append(this.toolbar.node, this.reporting.line, this.chooser.node, this.problem);
    this.node.append(this.grid.node, this.empty, below, this.details);
    this.sizes = typeof ResizeObserver === 'undefined' ? null : new ResizeObserver(() => this.onResize());
    this.sizes?.observe(this.grid.node);
    this.clock = setInterval(() => this.tick(), 1000);
    this.node.addEventListener('pointerover', event => context.shared.hover(this.grid.runAt(event)));
    this.node.addEventListener('pointerleave', () => context.shared.hover(null));
    this.stopListening = context.shared.listen(aspect => this.follow(aspect));
  }

  receive(message: KernelMessage): void {
    const { store } = this.model;
    switch (message.type) {
      case 'table':
        this.load(message);
        return;
      case 'rows':
        store.append(message);
        break;
      case 'patch':
        if (message.rev <= this.rev) {
          return;
        }
        this.rev = message.rev;
        this.announceEnds(message.rows.map(row => row.id), () => store.patch(message));
        if (message.rows.length > 0) {
          this.wantFilter.ask();
        }
        break;
      case 'curves':
        if (store.draw(message)) {
          this.askAgain();
        }
        break;
      default:
        return;
    }
    this.model.renew();
    this.pace.ask();
  }

  freeze(): void {
    clearInterval(this.clock);
    this.deletions.dispose();
    this.bar.node.hidden = true;
    this.frozen = true;
  }

  dispose(): void {
    clearInterval(this.clock);
    clearTimeout(this.keeping);
    [this.pace, this.wantCurves, this.wantFilter].forEach(pace => pace.stop());
    [this.filtering, this.deletions, this.bar].forEach(part => part.dispose());
    this.stopPreparing();
    this.stopListening();
    this.sizes?.disconnect();
  }

  private load(message: Extract<KernelMessage, { type: 'table' }>): void {
    const again = this.model.store.columns.length > 0;
    this.rev = message.rev;
    this.model.load(message);
    this.refresh();
    if (!again && this.model.choices.filter) {
      this.filtering.apply(this.model.choices.filter, true);
    }
  }

  /** Draw all anew. */
  private refresh(): void {
    const { store } = this.model;
    this.stopPreparing();
    this.stopPreparing = store.more ? () => {} : store.texts.prepare(store.newest);
    const empty = emptyLine(this.model, () => this.filter('', true));
    if (empty?.textContent !== this.empty.firstChild?.textContent) {
      fill(this.empty, empty); // only then: its button may have the focus
    }
    const bare = this.model.store.rows.size === 0 && this.model.deleted.size === 0;
    this.grid.node.hidden = empty !== null;
    this.toolbar.node.hidden = bare;
    this.toolbar.show();
    this.chooser.show();
    this.showProblem();
    this.grid.refresh();
    this.foot.show();
    this.showBar();
    this.wantCurves.ask();
  }

  /** Say what is wrong with the filter; the rows are then not filtered. */
  private showProblem(): void {
    const [problem = '', ...place] = this.filtering.problem.split('\n');
    const where = place.length > 0 ? element('pre', { class: 'jt-pointed' }, place.map(line => line.slice(2)).join('\n')) : '';
    fill(this.problem, problem && span('', span('jt-failed', '✗ '), problem, span('jt-muted', ' · all runs are shown')), problem && where);
  }

  private showBar(): void {
    const busy = this.bar.show() && !this.frozen;
    this.foot.node.hidden = busy;
    this.bar.node.hidden = !busy;
  }

  /** Follow what another view of the panel does: its hover, its selection, and the colours that it gives to runs. */
  private follow(aspect: Aspect): void {
    const { shared } = this.context;
    if (aspect === 'hovered') {
      this.grid.lift(shared.hovered);
    } else if (aspect === 'paints') {
      this.model.colors = new Map([...shared.paints].map(([run, paint]) => [run, paint.color]));
      this.grid.repaint();
    } else if (!sameRuns(shared.selected, selected(this.model.selection))) {
      this.model.selection = { marks: new Set(shared.selected), current: null, anchor: null };
      this.grid.refresh();
      this.showBar();
    }
  }

  private onSelection(): void {
    this.showBar();
    this.context.shared.select(selected(this.model.selection));
    clearTimeout(this.telling);
    this.telling = setTimeout(() => {
      this.context.requests.tellKernel('select', { runs: selected(this.model.selection) });
    }, 100);
  }

  /** Change what was chosen, show it, and let the kernel keep it. */
  private choose(changes: Partial<Choices>): void {
    this.model.choose(changes);
    this.refresh();
    this.keep();
  }

  private keep(): void {
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => {
      this.context.requests.tellKernel('choices', { choices: this.model.choices });
    }, SETTLE);
  }

  private filter(text: string, now: boolean): void {
    if (!text) {
      this.toolbar.clear();
    }
    this.filtering.apply(text, now);
    this.keep();
  }

  private resize(column: string, width: number, done: boolean): void {
    this.model.choose({ widths: { ...this.model.choices.widths, [column]: width } });
    this.grid.refresh();
    if (done) {
      this.keep();
    }
  }

  private place(column: string, before: string | null): void {
    if (column === before) {
      return;
    }
    const others = this.model.shown.filter(id => id !== column);
    const at = before === null ? others.length : others.indexOf(before);
    this.choose({ columns: [...others.slice(0, at), column, ...others.slice(at)] });
  }

  private openChooser(open: boolean): void {
    this.chooser.open(open);
    this.toolbar.columns.setAttribute('aria-expanded', String(open));
    if (!open) {
      this.toolbar.columns.focus();
    }
  }

  /** Esc: first what is open, then the selection, then the filter. */
  private clear(): void {
    const { selection } = this.model;
    if (selection.marks.size > 0 || selection.current !== null) {
      this.model.selection = NOTHING;
      this.grid.refresh();
      this.onSelection();
    } else if (this.model.choices.filter) {
      this.filter('', true);
    }
  }

  private async open(id: string): Promise<void> {
    this.context.complain('');
    const reply = await this.context.requests.call('open', { run: id });
    if (!reply.ok) {
      this.context.complain(reply.message ?? 'This run cannot be read.');
    } else if (reply.details) {
      const pane = detailsPane(reply.details, () => {
        fill(this.details);
        this.grid.focus();
      });
      fill(this.details, pane);
      pane.focus({ preventScroll: true });
    }
  }

  private async rename(id: string): Promise<void> {
    if (this.context.still) {
      return;
    }
    const name = await this.grid.editName(id);
    const row = this.model.store.rows.get(id);
    if (name === null || row === undefined) {
      return;
    }
    this.model.store.set({ ...row, name });
    this.model.renew();
    this.refresh();
    const reply = await this.context.requests.call('rename', { run: id, text: name });
    if (!reply.ok) {
      const now = this.model.store.rows.get(id);
      if (now !== undefined) {
        this.model.store.set({ ...now, name: row.name });
        this.model.renew();
      }
      this.refresh();
      this.context.complain(reply.message ?? 'The name was not kept.');
    }
  }

  /** Read out the runs that end with a patch; more than one only by their number. */
  private announceEnds(ids: string[], apply: () => void): void {
    const running = ids.filter(id => this.model.store.rows.get(id)?.live);
    apply();
    const ended = running.flatMap(id => this.model.store.rows.get(id) ?? []).filter(row => !row.live);
    const [first] = ended;
    if (first !== undefined) {
      this.context.announce(ended.length === 1 ? `${first.name} ${first.state.word}` : `${ended.length} runs ended`);
    }
  }

  /** Ask for the curves of the rows on the page that are not known yet. */
  private askForCurves(): void {
    const { store } = this.model;
    if (store.main === null || this.frozen) {
      return;
    }
    const rows = this.grid.body.visible.flatMap(line => (line.kind === 'run' ? [line.row] : []));
    const missing = rows.filter(row => store.curve(row) === undefined && this.asked.get(row.id) !== row);
    missing.forEach(row => this.asked.set(row.id, row));
    if (missing.length > 0) {
      this.context.requests.tellKernel('curves', { runs: missing.map(row => row.id), shared: this.model.choices.shared });
    }
  }

  /** Ask for all curves anew, on the scale that they have now. */
  private askAgain(): void {
    this.asked.clear();
    this.wantCurves.ask();
  }

  private share(shared: boolean): void {
    this.model.store.forgetCurves();
    this.asked.clear();
    this.choose({ shared });
  }

  private tick(): void {
    if (this.grid.body.visible.some(line => line.kind === 'run' && line.row.live)) {
      this.grid.repaint();
    }
  }

  private onResize(): void {
    const width = this.grid.node.clientWidth;
    if (width > 0 && width !== this.width) {
      this.width = width;
      this.grid.refresh();
    }
  }

  private stopPreparing: () => void = () => {};
  private readonly stopListening: () => void;
  private readonly model = new TableModel();
  private readonly grid: Grid;
  private readonly toolbar: Toolbar;
  private readonly reporting: Reporting;
  private readonly chooser: Chooser;
  private readonly foot: Foot;
  private readonly bar: ActionBar;
  private readonly filtering: Filtering;
  private readonly deletions: Deletions;
  private readonly problem = div('jt-problem');
  private readonly empty = div('');
  private readonly details = div('');
  private readonly pace = new Pace(() => this.refresh(), INTERVAL);
  private readonly wantCurves = new Pace(() => this.askForCurves(), 150);
  private readonly wantFilter = new Pace(() => this.filtering.repeat(), 2000);
  private readonly asked = new Map<string, unknown>();
  private readonly sizes: ResizeObserver | null;
  private readonly clock: ReturnType<typeof setInterval>;
  private keeping: ReturnType<typeof setTimeout> | undefined;
  private telling: ReturnType<typeof setTimeout> | undefined;
  private rev = Number.NEGATIVE_INFINITY;
  private width = 0;
  private frozen = false;
}

function sameRuns(some: ReadonlySet<string>, others: readonly string[]): boolean {
  return some.size === others.length && others.every(run => some.has(run));
}
