import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';

import { type Bundle, MIME_TYPE } from '../protocol.js';
import { Connection } from './connection.js';
import type { Left } from './left.js';
import type { Sessions } from './sessions.js';
import type { Host } from '../view.js';

/**
 * Shows a panel: at first its HTML, by the host's own renderer; the live view once its kernel has answered.
 *
 * A panel whose kernel does not know it, or has none, keeps its HTML: no error and no blank.
 */
export class PanelRenderer extends Widget implements IRenderMime.IRenderer {
  /**
   * @param makeHtml - makes the host's renderer for HTML
   * @param sessions - finds the kernel of the document around the panel
   * @param left - live views whose outputs have just been erased
   * @param app - what the application can do for a view
   */
  constructor(
    private readonly makeHtml: () => IRenderMime.IRenderer | null,
    private readonly sessions: Sessions,
    private readonly left: Left,
    private readonly app: Host = {}
  ) {
    super();
    this.addClass('jt-output');
    this.live.hidden = true;
    this.node.append(this.still, this.live);
  }

  /** Show a bundle; called again with each update of the display. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.bundle = bundleOf(model.data[MIME_TYPE]);
    this.connect();
    await this.renderHtml(model);
  }

  override dispose(): void {
    if (!this.isDisposed) {
      if (this.connection !== null && this.connected !== null) {
        this.left.leave(this.connected, this.connection);
      }
      this.connection = null;
      this.html?.dispose();
      super.dispose();
    }
  }

  protected override onAfterAttach(): void {
    this.connect();
  }

  protected override onBeforeDetach(): void {
    const { activeElement } = document;
    if (this.connection !== null) {
      const inside = activeElement instanceof HTMLElement && this.live.contains(activeElement);
      this.connection.focused = inside ? activeElement : null;
    }
  }

  private async renderHtml(model: IRenderMime.IMimeModel): Promise<void> {
    if (this.html === null) {
      this.html = this.makeHtml();
      if (this.html !== null) {
        this.still.append(this.html.node);
      }
    }
    await this.html?.renderModel(model);
  }

  private connect(): void {
    const bundle = this.bundle;
    if (bundle === null || bundle.final) {
      this.disconnect();
      return;
    }
    if (bundle.panel === this.connected || !this.isAttached) {
      return;
    }
    const session = this.sessions.find(bundle.panel, this.node);
    if (session === null) {
      return;
    }
    this.disconnect();
    this.connected = bundle.panel;
    this.connection = this.left.take(bundle.panel, session);
    if (this.connection === null) {
      this.connection = new Connection(bundle.panel, session, this.live, () => this.showLive(true), this.app);
    } else {
      this.live.replaceWith(this.connection.host);
      this.live = this.connection.host;
      this.connection.onShown = () => this.showLive(true);
      this.showLive(this.connection.isShown);
      this.connection.focused?.focus({ preventScroll: true });
    }
  }

  private disconnect(): void {
    this.connection?.dispose();
    this.connection = null;
    this.connected = null;
    this.showLive(false);
  }

  private showLive(live: boolean): void {
    this.live.hidden = !live;
    this.still.hidden = live;
  }

  private readonly still = document.createElement('div');
  private live: HTMLElement = document.createElement('div');
  private html: IRenderMime.IRenderer | null = null;
  private bundle: Bundle | null = null;
  private connected: string | null = null;
  private connection: Connection | null = null;
}

/** Read a bundle; null where it is none, or of a newer kind: its HTML is shown then. */
function bundleOf(data: unknown): Bundle | null {
  const bundle = data as Partial<Bundle> | null | undefined;
  const known = bundle?.version === 1 && typeof bundle.panel === 'string' && bundle.panel !== '';
  return known ? (bundle as Bundle) : null;
}
