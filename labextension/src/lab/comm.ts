import { type Kernel, KernelMessage as Wire } from '@jupyterlab/services';

import { COMM_TARGET, type KernelMessage, type ViewMessage } from '../protocol.js';
import { isKernelMessage, type Transport } from '../transport.js';

const INFO_WAIT = 1_500; // milliseconds
const SUBSHELL_WAIT = 2_000;

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
    this.opened = this.begin(panel);
  }

  /** Open once there is a subshell: what is sent before that waits for the cell that runs. */
  private async begin(panel: string): Promise<void> {
    if ((await soon(this.kernel.info, INFO_WAIT)) !== undefined || !(await this.goBeside())) {
      await this.kernel.info;
      if (this.kernel.supportsSubshells) {
        // Not in the interface, as it is JupyterLab's own handler that has it.
        const { subshellStarted } = this.comm as { subshellStarted?: Promise<void> };
        await soon(subshellStarted?.catch(() => undefined), SUBSHELL_WAIT);
      }
    }
    if (this.open && !this.comm.isDisposed) {
      this.comm.open({ panel });
    }
  }

  /**
   * Make a subshell for this comm alone; false where that fails.
   *
   * On a page that was loaded while a cell runs, the host learns what the kernel can do only after that cell, and makes
   * no subshell before. The kernel makes one at once: that is asked for on its control channel.
   */
  private async goBeside(): Promise<boolean> {
    const { username, clientId: session } = this.kernel;
    const request = Wire.createMessage({ msgType: 'create_subshell_request', channel: 'control', username, session, content: {} });
    const reply = await soon(this.kernel.sendControlMessage(request, true, true).done.catch(() => undefined), SUBSHELL_WAIT);
    const id = (reply?.content as { subshell_id?: string } | undefined)?.subshell_id;
    if (!id) {
      return false;
    }
    Object.assign(this.comm, { _subshellId: id }); // as the host's handler does itself, once it knows
    return true;
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

/** What a promise gives, or undefined where that takes longer. */
function soon<Value>(promise: Promise<Value> | undefined, milliseconds: number): Promise<Value | undefined> {
  return Promise.race([promise, new Promise<undefined>(resolve => setTimeout(resolve, milliseconds))]);
}
