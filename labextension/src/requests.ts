import type { ActionMessage, ActionName, Actions, KernelMessage, ReplyMessage } from './protocol.js';
import type { Transport } from './transport.js';

/** How long an answer may take before it is said that it waits for the kernel, in milliseconds. */
const PATIENCE = 300;

/**
 * Sends actions and brings back their replies.
 *
 * A kernel that runs a cell may answer only when the cell ends: a request then stays open, and `onWaiting` is told.
 */
export class Requests {
  /**
   * @param transport - the way to the kernel
   * @param onWaiting - called when it changes whether an answer is overdue
   */
  constructor(
    private readonly transport: Transport,
    private readonly onWaiting: (waiting: boolean) => void
  ) {}

  /** Send an action that is answered; never rejects. */
  call<Name extends ActionName>(name: Name, args: Actions[Name]): Promise<ReplyMessage> {
    const to = ++this.count;
    if (this.ended !== null) {
      return Promise.resolve({ type: 'reply', to, ok: false, message: this.ended });
    }
    return new Promise(resolve => {
      const timer = setTimeout(() => {
        this.overdue.add(to);
        this.tell();
      }, PATIENCE);
      this.open.set(to, { resolve, timer });
      this.transport.send({ type: 'action', to, name, ...args } as unknown as ActionMessage);
    });
  }

  /** Send an action that needs no answer. */
  tellKernel<Name extends ActionName>(name: Name, args: Actions[Name]): void {
    this.transport.send({ type: 'action', to: 0, name, ...args } as unknown as ActionMessage);
  }

  /** Take a message; return whether it was a reply. */
  receive(message: KernelMessage): boolean {
    if (message.type !== 'reply') {
      return false;
    }
    this.settle(message.to, message);
    return true;
  }

  /** The kernel is gone: all that is open, and all that comes, is answered with this message. */
  close(message: string): void {
    this.ended = message;
    for (const to of [...this.open.keys()]) {
      this.settle(to, { type: 'reply', to, ok: false, message });
    }
  }

  private settle(to: number, reply: ReplyMessage): void {
    const request = this.open.get(to);
    if (request === undefined) {
      return;
    }
    clearTimeout(request.timer);
    this.open.delete(to);
    if (this.overdue.delete(to)) {
      this.tell();
    }
    request.resolve(reply);
  }

  private tell(): void {
    this.onWaiting(this.overdue.size > 0);
  }

  private count = 0;
  private ended: string | null = null;
  private readonly open = new Map<
    number,
    { resolve: (reply: ReplyMessage) => void; timer: ReturnType<typeof setTimeout> }
  >();
  private readonly overdue = new Set<number>();
}
