import type { Kernel, KernelMessage as Wire } from '@jupyterlab/services';

import { COMM_TARGET, type KernelMessage, type ViewMessage } from '../protocol.js';
import { isKernelMessage, type Transport } from '../transport.js';

type JSONValue = Parameters<Kernel.IComm['send']>[0];

/**
 * A panel's own comm to the kernel.
 *
 * JupyterLab sends what a comm of this target says through a subshell where the kernel has them, so that a click is
 * answered while a cell runs.
 */
export class CommTransport implements Transport {
  /** Open a comm for a panel; throws where this connection to the kernel takes no comms. */
  constructor(
    private readonly kernel: Kernel.IKernelConnection,
    panel: string
  ) {
    this.comm = kernel.createComm(COMM_TARGET);
    this.comm.onMsg = (message: Wire.ICommMsgMsg) => {
      const data: unknown = message.content.data;
      if (isKernelMessage(data)) {
        this.listeners.forEach(listener => listener(data));
      }
    };
    this.comm.onClose = () => this.close();
    void this.comm.open({ panel });
  }

  send(message: ViewMessage): void {
    if (this.open && !this.comm.isDisposed) {
      this.comm.send(message as unknown as JSONValue);
    }
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
  private readonly listeners = new Set<(message: KernelMessage) => void>();
  private readonly onClosed: (() => void)[] = [];
  private open = true;
}
