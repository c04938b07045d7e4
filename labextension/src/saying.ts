import { fill, span } from './dom.js';
import type { Context } from './view.js';

/** How long it stands there, in milliseconds. */
const SAID = 4_000;

/** Says what was done: in a line, for a while, and to those who do not see it. */
export class Saying {
  constructor(
    readonly node: HTMLElement,
    private readonly context: Pick<Context, 'announce'>
  ) {}

  say(text: string): void {
    fill(this.node, span('jt-muted', text));
    this.context.announce(text);
    this.stop();
    this.timer = setTimeout(() => fill(this.node), SAID);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private timer: ReturnType<typeof setTimeout> | undefined;
}
