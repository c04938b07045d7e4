import type { Kernel } from '@jupyterlab/services';

import { mount } from '../panel.js';
import { CommTransport } from './comm.js';
import type { SessionContext } from './sessions.js';
import type { Host } from '../view.js';

const GONE: ReadonlySet<Kernel.Status> = new Set(['restarting', 'autorestarting', 'terminating', 'dead']);

/**
 * Keeps the live view of a panel connected to its kernel, as often as that comes and goes.
 *
 * Where the kernel does not know the panel, or there is none, nothing happens: what was shown before stays.
 */
export class Connection {
  /**
   * @param panel - the panel's id
   * @param session - of the document that the panel is in
   * @param host - where the live view is put
   * @param onShown - called when the live view has its first content
   * @param app - what the application can do for a view
   */
  constructor(
    private readonly panel: string,
    readonly session: SessionContext,
    readonly host: HTMLElement,
    public onShown: () => void,
    private readonly app: Host = {}
  ) {
    session.kernelChanged.connect(this.onKernel, this);
    session.statusChanged.connect(this.onStatus, this);
    session.connectionStatusChanged.connect(this.onWire, this);
    void session.ready.then(() => this.connect());
  }

  dispose(): void {
    this.disposed = true;
    this.session.kernelChanged.disconnect(this.onKernel, this);
    this.session.statusChanged.disconnect(this.onStatus, this);
    this.session.connectionStatusChanged.disconnect(this.onWire, this);
    this.drop();
    this.shown?.unmount();
    this.shown?.transport.dispose();
    this.shown = null;
  }

  /** What had the focus when the output was taken from the page. */
  focused: HTMLElement | null = null;

  /** Whether the live view has content. */
  get isShown(): boolean {
    return this.shown !== null;
  }

  /** Open a comm and mount a view beside what is shown; it takes the place once it has something to show. */
  private connect(): void {
    const kernel = this.session.session?.kernel;
    if (this.disposed || !kernel || this.trying !== null || this.isLive) {
      return;
    }
    let transport: CommTransport;
    try {
      transport = new CommTransport(kernel, this.panel);
    } catch {
      return; // a second connection to the kernel takes no comms
    }
    const place = document.createElement('div');
    place.hidden = true;
    this.host.append(place);
    const attempt = { transport, unmount: () => {}, live: true };
    this.trying = attempt;
    transport.closed(() => {
      attempt.live = false;
      if (this.trying === attempt) {
        this.drop();
      }
    });
    const unmount = mount(place, transport, {
      charts: () => import('../charts/index.js'),
      ...this.app,
      onShown: () => this.show(attempt, place),
      onGone: () => this.trying === attempt && this.drop()
    });
    attempt.unmount = () => {
      unmount();
      place.remove();
    };
  }

  private show(attempt: Attempt, place: HTMLElement): void {
    this.shown?.unmount();
    this.shown?.transport.dispose();
    this.shown = attempt;
    this.trying = null;
    place.hidden = false;
    this.onShown();
  }

  private drop(): void {
    this.trying?.unmount();
    this.trying?.transport.dispose();
    this.trying = null;
  }

  private get isLive(): boolean {
    return this.shown?.live === true;
  }

  private onKernel(): void {
    this.lose();
    void this.session.ready.then(() => this.connect());
  }

  private onStatus(_: unknown, status: Kernel.Status): void {
    if (GONE.has(status)) {
      this.lose();
    } else if (status === 'idle' || status === 'busy') {
      this.connect();
    }
  }

  /** After a break of the line the comm is still there; what was said meanwhile is asked for. */
  private onWire(_: unknown, status: Kernel.ConnectionStatus): void {
    if (status === 'connected') {
      this.shown?.transport.send({ type: 'ready' });
    }
  }

  /** The kernel is gone: the view freezes with all that it has seen. */
  private lose(): void {
    this.drop();
    this.shown?.transport.close();
  }

  private trying: Attempt | null = null;
  private shown: Attempt | null = null;
  private disposed = false;
}

interface Attempt {
  transport: CommTransport;
  unmount: () => void;
  /** Whether its comm is open. */
  live: boolean;
}
