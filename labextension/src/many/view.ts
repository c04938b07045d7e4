import { button, div, fill, setText, span } from '../dom.js';
import type { KernelMessage, ManyActions, ManyMessage } from '../protocol.js';
import type { Context, View } from '../view.js';
import { runCount } from '../words.js';
import { barsNode } from './bars.js';
import { ChartPart } from './part.js';
import { ManyToolbar } from './toolbar.js';

/** How long after the last change the kernel is told what is selected, in milliseconds. */
const SETTLE = 100;

/** Many runs at once: parallel coordinates, a scatter plot, which params mattered. */
export class ManyView implements View {
  readonly node = div('jt-many');

  constructor(private readonly context: Context) {
    this.node.append(this.toolbar.node, this.place, div('jt-many-foot', this.told, this.key, this.notes, this.action));
    this.stopListening = context.shared.listen(aspect => aspect === 'selected' && this.onSelected());
  }

  receive(message: KernelMessage): void {
    if (message.type !== 'many' || message.rev <= this.rev) {
      return;
    }
    this.rev = message.rev;
    if (this.message === null) {
      this.context.shared.select(message.selected);
    }
    this.message = message;
    this.toolbar.show(message);
    void this.show(message);
  }

  freeze(): void {
    this.frozen = true;
    this.toolbar.node.inert = true;
  }

  dispose(): void {
    this.disposed = true;
    clearTimeout(this.telling);
    this.stopListening();
    this.part?.dispose();
  }

  private async show(message: ManyMessage): Promise<void> {
    const shown = message.shown;
    if (shown === undefined || shown.kind === 'importance') {
      this.drop();
      fill(this.place, shown === undefined ? span('', message.problem) : barsNode(shown));
    } else if (this.part !== null && this.part.kind === shown.kind) {
      this.part.show(shown);
    } else {
      const charts = await this.context.charts();
      if (this.disposed || this.message !== message) {
        return;
      }
      this.drop();
      this.part = new ChartPart(this.place, charts, shown, message.colors, this.context.shared, {
        select: runs => this.select(runs),
        tell: text => setText(this.told, text)
      });
    }
    this.showFoot();
  }

  private drop(): void {
    this.part?.dispose();
    this.part = null;
  }

  private ask(what: ManyActions['many']): void {
    this.context.complain('');
    void this.context.requests.call('many', what).then(reply => {
      if (!reply.ok && reply.message) {
        this.context.complain(reply.message);
      }
    });
  }

  private select(runs: readonly string[]): void {
    this.context.shared.select(runs);
  }

  private onSelected(): void {
    this.showFoot();
    clearTimeout(this.telling);
    this.telling = setTimeout(() => {
      const { selected } = this.context.shared;
      if (!this.frozen) {
        this.context.requests.tellKernel('select', { runs: [...selected] });
      }
      if (selected.size > 0) {
        this.context.announce(`${runCount(selected.size)} selected`);
      }
    }, SETTLE);
  }

  private showFoot(): void {
    const shown = this.message?.shown;
    if (shown === undefined || shown.kind === 'importance') {
      setText(this.notes, '');
      fill(this.action);
      fill(this.key);
      setText(this.told, '');
      return;
    }
    const ids = new Set(shown.runs.map(run => run.id));
    const selected = [...this.context.shared.selected].filter(id => ids.has(id)).length;
    const state = selected > 0 ? `${selected.toLocaleString('en')} selected` : shown.best.length > 0 && 'stronger: the best tenth';
    setText(this.notes, [runCount(shown.runs.length), state, ...shown.notes].filter(Boolean).join(' · '));
    fill(this.key, ...(selected > 0 ? [] : (this.part?.key() ?? [])));
    fill(this.action, selected > 0 && button('Clear', () => (this.part ? this.part.clear() : this.select([]))));
  }

  private readonly toolbar = new ManyToolbar(what => this.ask(what));
  private readonly place = div('jt-many-place');
  private readonly told = div('jt-many-told jt-cut');
  private readonly notes = div('jt-muted jt-many-note');
  private readonly action = span('');
  private readonly key = div('jt-legend');
  private readonly stopListening: () => void;
  private part: ChartPart | null = null;
  private message: ManyMessage | null = null;
  private telling: ReturnType<typeof setTimeout> | undefined;
  private rev = Number.NEGATIVE_INFINITY;
  private frozen = false;
  private disposed = false;
}
