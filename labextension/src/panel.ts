import { CardView } from './card/view.js';
import { type ChartsLoader, once } from './charts/load.js';
import { ComparisonView } from './comparison/view.js';
import { button, div, element, fill, setText, span } from './dom.js';
import type { Mount } from './parts.js';
import type { KernelMessage } from './protocol.js';
import { Requests } from './requests.js';
import { Shared } from './shared.js';
import { TableView } from './table/view.js';
import type { Transport } from './transport.js';
import type { Context, Host, View } from './view.js';
import { kernelStopped, READING, WAITS } from './words.js';

/** After how long it is said that the panel is being read, in milliseconds. */
const READING_AFTER = 300;

/** Makes a view; one that is loaded when it is needed makes a promise of it. */
type Maker = (context: Context, transport: Transport, options: MountOptions) => View | Promise<View>;

/** The view of each kind of panel, by the type of the first message. */
const VIEWS: Partial<Record<KernelMessage['type'], Maker>> = {
  card: context => new CardView(context),
  table: context => new TableView(context),
  many: async context => new (await import('./many/view.js')).ManyView(context),
  'curves-view': async context => {
    const [{ CurvesView }, charts] = await Promise.all([import('./curves/view.js'), context.charts()]);
    return new CurvesView(context, charts);
  },
  comparison: (context, transport, options) => new ComparisonView(context, transport, mountParts(context, options)),
  board: async (context, transport, options) => {
    const { BoardView } = await import('./board/view.js');
    return new BoardView(context, transport, mountParts(context, options));
  }
};

/** Mounts parts of a panel, which have no way to the charts but that of the panel. */
function mountParts(context: Context, options: MountOptions): Mount {
  const own = { ...options, charts: () => context.charts(), onShown: undefined, onGone: undefined };
  return (host, part, shared) => mount(host, part, { ...own, shared });
}

export interface MountOptions extends Host {
  /** Loads the charts' module; without it, a view says that it has no charts. */
  charts?: (transport: Transport, requests: Requests) => ReturnType<ChartsLoader>;
  /** Called when the first content is on the page. */
  onShown?: (() => void) | undefined;
  /** Called when the kernel does not know the panel. */
  onGone?: (() => void) | undefined;
  /** What the view shares with others of a board. */
  shared?: Shared;
  /** Whether there is no kernel at all, as in a report: what would change something is not offered. */
  still?: boolean;
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
    this.shared = options.shared ?? new Shared();
    this.requests = new Requests(transport, waiting => this.sayWaiting(waiting));
    const line = div('jt-line', this.waits, this.problem);
    this.charts = once(() => options.charts?.(transport, this.requests) ?? Promise.reject(new Error('no charts here')));
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
    this.disposed = true;
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
    if (this.view !== null) {
      this.view.receive(message);
      return;
    }
    const maker = VIEWS[message.type];
    if (this.early.length || maker !== undefined) {
      this.early.push(message);
    }
    if (maker !== undefined && this.early.length === 1) {
      void this.show(maker);
    }
  }

  /** Make the view; what comes meanwhile is given to it once it is there. */
  private async show(maker: Maker): Promise<void> {
    let view: View;
    try {
      const made = maker(this.context(), this.transport, this.options);
      view = made instanceof Promise ? await made : made;
    } catch (error) {
      this.early = [];
      this.complain(`The view could not be loaded: ${String(error)}`);
      return;
    }
    if (this.disposed) {
      view.dispose();
      return;
    }
    clearTimeout(this.reading);
    this.view = view;
    fill(this.place, view.node);
    this.early.splice(0).forEach(message => view.receive(message));
    if (this.gone) {
      this.freeze();
    }
    this.options.onShown?.();
  }

  private context(): Context {
    const interrupt = this.transport.interrupt?.bind(this.transport);
    return {
      requests: this.requests,
      shared: this.shared,
      still: this.options.still,
      charts: this.charts,
      interrupt,
      insertCode: this.options.insertCode,
      addressOf: this.options.addressOf,
      announce: text => setText(this.status, text),
      complain: text => this.complain(text),
      tell: text => this.notice(span('jt-warning', '⚠ '), text)
    };
  }

  private freeze(): void {
    this.gone = true;
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
  private readonly shared: Shared;
  private readonly charts: ChartsLoader;
  private early: KernelMessage[] = [];
  private view: View | null = null;
  private disposed = false;
  private gone = false;
  private seen = new Date();
}
