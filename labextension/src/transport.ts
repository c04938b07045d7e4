import type { KernelMessage, ViewMessage } from './protocol.js';

/** The way to the kernel: a comm in JupyterLab and Notebook, an anywidget's messages elsewhere. */
export interface Transport {
  /** Send a message; does nothing once the way is closed. */
  send(message: ViewMessage): void;
  /** Call `listener` with each message from now on, until the function that is returned is called. */
  listen(listener: (message: KernelMessage) => void): () => void;
  /** Call `listener` once, when the kernel is gone. */
  closed(listener: () => void): void;
  /** The host's own interrupt, which works while the kernel is busy; absent where a host has none. */
  interrupt?(): Promise<void>;
}

/** Whether `data` is a message; of those, each view takes what it knows and leaves the others alone. */
export function isKernelMessage(data: unknown): data is KernelMessage {
  return typeof data === 'object' && data !== null && typeof (data as { type?: unknown }).type === 'string';
}
