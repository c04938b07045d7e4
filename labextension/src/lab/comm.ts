import type { Kernel, KernelMessage as Wire } from '@jupyterlab/services';

import { COMM_TARGET, type KernelMessage, type ViewMessage } from '../protocol.js';
import { isKernelMessage, type Transport } from '../transport.js';
import { soon, subshellOf } from './subshell.js';

const INFO_WAIT = 1_500; // milliseconds

type JSONValue = Parameters<Kernel.IComm['send']>[0];

/**
 * A panel's own comm to the kernel, which goes through a subshell where the kernel has them, so that a click is answered
 * while a cell runs.
 */
export class CommTransport implements Transport {
  /** Open a comm for a panel; throws where this connection to the kernel takes no comms. */
  constructor(
    private readonly kernel: Kernel.IKernelConnection,
    panel: string
  ) {
    this.comm = kernel.createComm(COMM_TARGET);
    // At once, before the host makes a subshell for it: see subshell.ts. Not in the interface, as this is JupyterLab's own.
    Object.assign(this.comm, { commsOverSubshells: 'disabled' });
    this.comm.onMsg = (message: Wire.ICommMsgMsg) => {
      const data: unknown = message.content.data;
      if (isKernelMessage(data)) {
        this.listeners.forEach(listener => listener(data));
      }
    };
    this.comm.onClose = () => this.close();
    this.opened = this.begin(panel);
  }

  /** Open once there is a subshell: what is sent before that waits for the cell that runs. */
  private async begin(panel: string): Promise<void> {
    // On a page that was loaded while a cell runs, the host learns what the kernel can do only after that cell.
    const isKnown = (await soon(this.kernel.info, INFO_WAIT)) !== undefined;
    let subshell = isKnown ? undefined : await subshellOf(this.kernel);
    if (subshell === undefined) {
      await this.kernel.info;
      subshell = this.kernel.supportsSubshells ? await subshellOf(this.kernel) : undefined;
    }
    if (this.open && !this.comm.isDisposed) {
      Object.assign(this.comm, { _subshellId: subshell ?? null });
      this.comm.open({ panel });
    }
  }

  send(message: ViewMessage): void {
    void this.opened.then(() => {
      if (this.open && !this.comm.isDisposed) {
        this.comm.send(message as unknown as JSONValue);
      }
    });
  }

  listen(listener: (message: KernelMessage) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  closed(listener: () => void): void {
    this.onClosed.push(listener);
  }

  async interrupt(): Promise<void> {
    await this.kernel.interrupt();
  }

  /** Say that the way is closed: by the kernel, or because the kernel is gone. */
  close(): void {
    if (this.open) {
      this.open = false;
      this.onClosed.forEach(listener => listener());
    }
  }

  dispose(): void {
    this.open = false;
    this.listeners.clear();
    if (!this.comm.isDisposed && !this.kernel.isDisposed) {
      this.comm.close();
    }
  }

  private readonly comm: Kernel.IComm;
  private readonly opened: Promise<void>;
  private readonly listeners = new Set<(message: KernelMessage) => void>();
  private readonly onClosed: (() => void)[] = [];
  private open = true;
}
