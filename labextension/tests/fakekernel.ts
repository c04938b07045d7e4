/** A kernel that says what a test lets it say, and remembers what it was sent. */

import type { ActionMessage, KernelMessage, ReplyMessage, ViewMessage } from '../src/protocol.js';
import type { Transport } from '../src/transport.js';

export class FakeKernel implements Transport {
  readonly sent: ViewMessage[] = [];

  send(message: ViewMessage): void {
    this.sent.push(message);
  }

  listen(listener: (message: KernelMessage) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  closed(listener: () => void): void {
    this.onClosed.push(listener);
  }

  say(message: KernelMessage): void {
    [...this.listeners].forEach(listener => listener(message));
  }

  /** The last action of a name. */
  last(name: ActionMessage['name']): ActionMessage | undefined {
    return this.sent.filter(message => message.type === 'action').findLast(message => message.name === name);
  }

  /** Answer the last action of a name, and let what waits for the answer go on. */
  async reply(name: ActionMessage['name'], answer: Partial<ReplyMessage> = {}): Promise<void> {
    const action = this.last(name);
    if (action === undefined) {
      throw new Error(`no action ${name} was sent`);
    }
    this.say({ type: 'reply', to: action.to, ok: true, ...answer });
    await settled();
  }

  die(): void {
    this.onClosed.forEach(listener => listener());
  }

  get listening(): number {
    return this.listeners.size;
  }

  private readonly listeners = new Set<(message: KernelMessage) => void>();
  private readonly onClosed: (() => void)[] = [];
}

/** Let promises that are settled go on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await Promise.resolve();
  }
}
