import { CardView } from './card/view.js';
import { button, div, element, fill, setText, span } from './dom.js';
import type { KernelMessage } from './protocol.js';
import { Requests } from './requests.js';
import { TableView } from './table/view.js';
import type { Transport } from './transport.js';
import type { Context, View } from './view.js';
import { kernelStopped, READING, WAITS } from './words.js';

/** After how long it is said that the panel is being read, in milliseconds. */
const READING_AFTER = 300;

export interface MountOptions {
  /** Called when the first content is on the page. */
  onShown?: () => void;
  /** Called when the kernel does not know the panel. */
  onGone?: () => void;
  /** Whether to say that the panel is being read; not where its HTML is shown meanwhile. */
  sayReading?: boolean;
}

/**
 * Mount the live view of a panel; which one it is, the first message of the kernel says.
 *
 * @param host - where it is put
 * @param transport - the way to the kernel, already open
 * @returns a function that takes it away again
 */
export function mount(host: HTMLElement, transport: Transport, options: MountOptions = {}): () => void {
  const panel = new Panel(host, transport, options);
  return () => panel.dispose();
}

/** A live view with what every panel says: that it waits, what went wrong, that the kernel is gone. */
class Panel {
  constructor(
    host: HTMLElement,
    private readonly transport: Transport,
    private readonly options: MountOptions
  ) {
    this.requests = new Requests(transport, waiting => this.sayWaiting(waiting));
    const line = div('jt-line', this.waits, this.problem);
    this.node.append(this.status, this.place, line);
    host.append(this.node);
    this.stopListening = transport.listen(message => this.receive(message));
    transport.closed(() => this.freeze());
    if (options.sayReading) {
      this.reading = setTimeout(() => fill(this.place, span('jt-muted', READING)), READING_AFTER);
    }
    transport.send({ type: 'ready' });
  }

  dispose(): void {
    clearTimeout(this.reading);
    this.stopListening();
    this.view?.dispose();
    this.requests.close('');
    this.node.remove();
  }

  private receive(message: KernelMessage): void {
    this.seen = new Date();
    if (message.type === 'gone') {
      clearTimeout(this.reading);
      this.options.onGone?.();
      return;
    }
    if (this.requests.receive(message)) {
      return;
    }
    if (this.view === null && (message.type === 'card' || message.type === 'table')) {
      clearTimeout(this.reading);
      this.view = message.type === 'card' ? new CardView(this.context()) : new TableView(this.context());
      fill(this.place, this.view.node);
      this.view.receive(message);
      this.options.onShown?.();
      return;
    }
    this.view?.receive(message);
  }

  private context(): Context {
    const interrupt = this.transport.interrupt?.bind(this.transport);
    return {
      requests: this.requests,
      interrupt,
      announce: text => setText(this.status, text),
      complain: text => this.complain(text),
      tell: text => this.notice(span('jt-warning', '⚠ '), text)
    };
  }

  private freeze(): void {
    this.requests.close('The kernel is gone: nothing was changed.');
    this.view?.freeze();
    if (this.view !== null) {
      this.node.classList.add('jt-frozen');
      fill(this.waits);
      fill(this.problem, span('jt-warning', kernelStopped(this.seen)));
    }
  }

  private sayWaiting(waiting: boolean): void {
    fill(this.waits, waiting && span('jt-warning', WAITS));
  }

  private complain(text: string): void {
    if (!text) {
      fill(this.problem);
      return;
    }
    this.notice(span('jt-failed', '✗ '), text);
  }

  private notice(mark: HTMLElement, text: string): void {
    const close = button('Dismiss', () => fill(this.problem));
    fill(this.problem, mark, span('', text), ' ', close);
  }

  private readonly node = div('jt-panel');
  private readonly status = element('div', { class: 'jt-unseen', role: 'status' });
  private readonly place = div('');
  private readonly waits = span('jt-waits');
  private readonly problem = element('span', { role: 'alert' });
  private readonly requests: Requests;
  private readonly stopListening: () => void;
  private reading: ReturnType<typeof setTimeout> | undefined;
  private view: View | null = null;
  private seen = new Date();
}
