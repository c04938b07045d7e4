import { button, div, fill, glyph, runColor, setText, span } from '../dom.js';
import { Pace } from '../pace.js';
import type { Card, KernelMessage } from '../protocol.js';
import { clock } from '../times.js';
import type { Context, View } from '../view.js';
import { metricTable, progressBar, shortMetrics } from './metrics.js';
import { NoteField } from './note.js';
import { paramLine } from './params.js';
import { StopButton } from './stop.js';

/** Text changes at most four times a second. */
const INTERVAL = 250;

/**
 * The card of a run, under its cell.
 *
 * The first line, the stop button and the note stay the same elements, so that what is pressed or written in is never
 * taken away; the rest is made anew with each message.
 */
export class CardView implements View {
  readonly node = div('jt-card');

  constructor(private readonly context: Context) {
    this.stop = new StopButton(context);
    this.note = new NoteField(context);
    const told = div('jt-told', this.word, this.time, this.left);
    this.head.append(this.title, told, this.stop.node);
    this.foot.append(this.params, this.extras, this.note.node);
    this.node.append(this.head, this.body);
  }

  receive(message: KernelMessage): void {
    if (message.type !== 'card' || message.rev < this.rev) {
      return;
    }
    this.rev = message.rev;
    this.card = message.card;
    this.received = Date.now();
    this.pace.ask();
  }

  freeze(): void {
    this.frozen = true;
    this.pace.stop();
    clearTimeout(this.timer);
    this.stop.freeze();
    this.note.freeze();
    this.node.querySelector('.jt-binned')?.replaceChildren(span('jt-warning', 'Deleted'));
  }

  dispose(): void {
    this.pace.stop();
    clearTimeout(this.timer);
    this.stop.dispose();
  }

  private paint(): void {
    const card = this.card;
    if (card === null) {
      return;
    }
    this.node.classList.toggle('jt-short', card.short);
    this.paintHead(card);
    this.stop.update(card);
    this.note.update(card);
    this.paintBody(card);
    this.tick();
  }

  private paintHead(card: Card): void {
    const mark = glyph(card.state, false);
    const name = span('jt-name', card.name);
    name.title = card.name;
    const number = card.number ? span('jt-muted', card.number) : null;
    const changed = card.short || card.changed.length === 0 ? null : span('jt-changed', card.changed.join(', '));
    fill(this.title, mark, name, number, changed, ...(card.short ? this.shortParts(card) : []));
    this.node.style.setProperty('--jt-run', runColor(card.color) ?? 'currentColor');
    setText(this.word, card.short && card.state.word === 'finished' ? '' : card.state.word);
    setText(this.left, card.progress?.left ?? '');
    if (card.state.word !== this.said) {
      if (this.said) {
        this.context.announce([card.name, card.number, card.state.word].join(' '));
      }
      this.said = card.state.word;
    }
  }

  private shortParts(card: Card): HTMLElement[] {
    const params = card.metrics.length === 0 ? paramLine(card) : null;
    return [...shortMetrics(card), ...(params ? [params] : [])];
  }

  private paintBody(card: Card): void {
    const error = card.error ? div('jt-error', card.error) : null;
    const metrics = card.short ? null : metricTable(card);
    const progress = card.progress ? progressBar(card.progress) : null;
    const middle = metrics || progress ? div('jt-middle', metrics ?? div(''), progress) : null;
    fill(this.params, card.short ? null : paramLine(card));
    setText(this.extras, card.extras.filter(extra => extra !== 'note').join(' · '));
    // The parts of the foot stand in the one line of a short card.
    const place = card.short ? this.head : this.foot;
    if (this.note.node.parentElement !== place) {
      place.append(this.extras, this.note.node);
    }
    const notes = card.notes.map(text => div('jt-muted', text));
    if (card.deleted) {
      notes.unshift(this.deletedLine(card));
    }
    const before = [error, middle].filter(node => node !== null);
    const keep = new Set<Node>([this.foot]);
    for (const node of [...this.body.childNodes]) {
      if (!keep.has(node)) {
        node.remove();
      }
    }
    this.body.prepend(...before);
    if (!this.foot.isConnected) {
      this.body.append(this.foot);
    }
    this.body.append(...notes);
  }

  /** What a deleted run says, and the way back while there is a kernel. */
  private deletedLine(card: Card): HTMLDivElement {
    const restore = this.frozen ? null : button('Restore', () => void this.restore(card.id));
    return div('jt-binned', span('jt-warning', 'Deleted'), restore && span('jt-muted', ' · '), restore);
  }

  private async restore(run: string): Promise<void> {
    this.context.complain('');
    const reply = await this.context.requests.call('restore', { runs: [run] });
    if (!reply.ok) {
      this.context.complain(reply.message ?? 'The run was not restored.');
    }
  }

  /** Count on while the run goes on: the sign of life. */
  private tick(): void {
    clearTimeout(this.timer);
    const card = this.card;
    if (card === null) {
      return;
    }
    if (card.elapsed === null) {
      setText(this.time, card.time);
      return;
    }
    const seconds = card.elapsed + (Date.now() - this.received) / 1000;
    setText(this.time, clock(seconds));
    if (!this.frozen) {
      this.timer = setTimeout(() => this.tick(), 1000 - ((seconds * 1000) % 1000) + 5);
    }
  }

  private readonly head = div('jt-head');
  private readonly title = div('jt-title');
  private readonly word = span('jt-word');
  private readonly time = span('jt-time');
  private readonly left = span('jt-left');
  private readonly body = div('jt-body');
  private readonly foot = div('jt-foot');
  private readonly params = div('jt-foot-params');
  private readonly extras = span('jt-muted jt-extras');
  private readonly stop: StopButton;
  private readonly note: NoteField;
  private readonly pace = new Pace(() => this.paint(), INTERVAL);
  private card: Card | null = null;
  private rev = Number.NEGATIVE_INFINITY;
  private received = 0;
  private said = '';
  private frozen = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
}
