/** Panels within a panel: each has its own view, and its messages go through the outer one, marked with the part. */

import type { BoardPart, KernelMessage, ViewMessage } from './protocol.js';
import type { Shared } from './shared.js';
import type { Transport } from './transport.js';

/** Mounts the view of a panel; `mount` of panel.ts, which loads the views that have parts. */
export type Mount = (host: HTMLElement, transport: Transport, shared: Shared) => () => void;

/** The way of one part to its panel: through that of the board, marked with the part. */
export class PartTransport implements Transport {
  constructor(
    private readonly part: BoardPart,
    private readonly outer: Pick<Transport, 'send' | 'interrupt'>
  ) {}

  send(message: ViewMessage): void {
    if (message.type !== 'action' || message.name !== 'select') {
      this.outer.send({ type: 'part', part: this.part, message } as unknown as ViewMessage);
    }
  }

  listen(listener: (message: KernelMessage) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  closed(listener: () => void): void {
    this.onClosed.push(listener);
  }

  /** Give the part's view a message. */
  say(message: KernelMessage): void {
    [...this.listeners].forEach(listener => listener(message));
  }

  /** Say that the way is closed. */
  close(): void {
    this.onClosed.splice(0).forEach(listener => listener());
  }

  private readonly listeners = new Set<(message: KernelMessage) => void>();
  private readonly onClosed: (() => void)[] = [];
}
