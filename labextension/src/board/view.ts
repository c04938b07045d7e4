import { copyText } from '../clipboard.js';
import { button, div, element, setText, span } from '../dom.js';
import { type Mount, PartTransport } from '../parts.js';
import type { BoardMessage, BoardPart, KernelMessage } from '../protocol.js';
import { Reporting } from '../reporting.js';
import { Saying } from '../saying.js';
import { isKernelMessage, type Transport } from '../transport.js';
import type { Context, View } from '../view.js';

const TITLES: Record<BoardPart, string> = {
  table: 'Runs',
  curves: 'Curves',
  comparison: 'Comparison',
  many: 'Many runs'
};
const ORDER: readonly BoardPart[] = ['table', 'curves', 'comparison', 'many'];
/** What is open at first: the charts of many runs wait until they are asked for. */
const OPEN: ReadonlySet<BoardPart> = new Set(['table', 'curves', 'comparison']);
/** How long after the last change the kernel is told what is selected, in milliseconds. */
const SETTLE = 120;

/** Table, curves, comparison and charts of many runs, each the view that it is alone, sharing what is pointed at and selected. */
export class BoardView implements View {
  readonly node = div('jt-board');

  constructor(
    private readonly context: Context,
    private readonly transport: Transport,
    private readonly mount: Mount
  ) {
    this.saying = new Saying(span(''), context);
    this.sections = new Map(ORDER.map(part => [part, this.section(part)]));
    const go = button('Continue in code', () => void this.continue(), {
      title: 'Put the query of these runs into a new cell below, or into the clipboard'
    });
    const reporting = new Reporting(context, () => [...context.shared.selected]);
    const bar = div('jt-board-bar', this.count, go, reporting.button, this.saying.node, reporting.line);
    this.node.append(bar, ...[...this.sections.values()].map(section => section.node));
    this.stopListening = context.shared.listen(aspect => aspect === 'selected' && this.onSelected());
  }

  receive(message: KernelMessage): void {
    if (message.type === 'part') {
      const inner = message.message;
      if (isKernelMessage(inner)) {
        this.sections.get(message.part)?.transport.say(inner);
      }
    } else if (message.type === 'board' && message.rev > this.rev) {
      this.take(message);
    }
  }

  freeze(): void {
    this.frozen = true;
    this.sections.forEach(section => section.transport.close());
  }

  dispose(): void {
    clearTimeout(this.telling);
    this.saying.stop();
    this.stopListening();
    this.sections.forEach(section => section.unmount?.());
  }

  private take(message: BoardMessage): void {
    const first = this.rev === Number.NEGATIVE_INFINITY;
    this.rev = message.rev;
    this.there = new Set(message.parts);
    this.context.shared.paint(message.paints);
    if (first) {
      this.context.shared.select(message.selected);
    }
    for (const [part, section] of this.sections) {
      const there = this.there.has(part);
      section.empty.hidden = there;
      setText(section.empty, part === 'comparison' ? message.compared : '');
      if (!there && section.unmount !== null) {
        section.unmount();
        section.unmount = null;
      }
      this.showSection(section);
    }
    this.showCount();
  }

  private section(part: BoardPart): Section {
    const body = div('jt-board-body');
    const empty = div('jt-muted');
    const toggle = button(TITLES[part], () => this.toggle(section), { class: 'jt-button jt-board-title' });
    const node = element('section', { class: `jt-board-part jt-board-${part}`, 'aria-label': TITLES[part] }, toggle, empty, body);
    const transport = new PartTransport(part, this.transport);
    const section: Section = { part, node, body, empty, toggle, transport, open: OPEN.has(part), unmount: null };
    return section;
  }

  private toggle(section: Section): void {
    section.open = !section.open;
    this.showSection(section);
  }

  /** Show or hide a part; it is mounted when it is seen first. */
  private showSection(section: Section): void {
    const { part, open, body, empty, toggle } = section;
    toggle.setAttribute('aria-expanded', String(open));
    body.hidden = !open;
    empty.classList.toggle('jt-gone', !open);
    if (open && section.unmount === null && this.there.has(part) && !this.frozen) {
      section.unmount = this.mount(body, section.transport, this.context.shared);
    }
  }

  private onSelected(): void {
    this.showCount();
    clearTimeout(this.telling);
    this.telling = setTimeout(() => {
      if (!this.frozen) {
        this.context.requests.tellKernel('select', { runs: [...this.context.shared.selected] });
      }
    }, SETTLE);
  }

  private showCount(): void {
    const { size } = this.context.shared.selected;
    setText(this.count, size === 0 ? '' : `${size.toLocaleString('en')} selected`);
  }

  private async continue(): Promise<void> {
    this.context.complain('');
    clearTimeout(this.telling);
    if (!this.frozen) {
      this.context.requests.tellKernel('select', { runs: [...this.context.shared.selected] });
    }
    const reply = await this.context.requests.call('continue', {});
    if (!reply.ok || reply.text === undefined) {
      this.context.complain(reply.message ?? 'The code could not be made.');
    } else if (await this.context.insertCode?.(this.node, reply.text)) {
      this.saying.say('in the cell below');
    } else if (await copyText(reply.text, this.node)) {
      this.saying.say('copied');
    } else {
      this.saying.say(reply.text);
    }
  }

  private readonly count = span('jt-muted');
  private readonly saying: Saying;
  private readonly sections: ReadonlyMap<BoardPart, Section>;
  private readonly stopListening: () => void;
  private there: ReadonlySet<BoardPart> = new Set();
  private telling: ReturnType<typeof setTimeout> | undefined;
  private rev = Number.NEGATIVE_INFINITY;
  private frozen = false;
}

interface Section {
  part: BoardPart;
  node: HTMLElement;
  body: HTMLElement;
  empty: HTMLElement;
  toggle: HTMLElement;
  transport: PartTransport;
  open: boolean;
  unmount: (() => void) | null;
}
