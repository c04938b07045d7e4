import { button } from '../dom.js';
import type { Card, StopStage } from '../protocol.js';
import type { Context } from '../view.js';

/** After how long the gentle stop is followed by the offer of an interrupt, in milliseconds. */
const INTERRUPT_AFTER = 3000;

const LABELS: Record<StopStage, string> = { '': '', stop: 'Stop', stopping: 'Stopping…', interrupt: 'Interrupt' };
const HINTS: Record<StopStage, string> = {
  '': '',
  stop: 'End the loop after this step; what comes after the loop still runs',
  stopping: 'The loop ends after this step',
  interrupt: 'Interrupt the kernel: what the cell is doing is broken off'
};
const ORDER: StopStage[] = ['', 'stop', 'stopping', 'interrupt'];

/**
 * The button that stops a run, in two stages, and says which.
 *
 * It never moves and never changes its width. The second stage is offered after three seconds, also where the kernel
 * is too busy to answer.
 */
export class StopButton {
  readonly node: HTMLButtonElement;

  constructor(private readonly context: Context) {
    this.node = button('', () => void this.act(), { class: 'jt-button jt-stop' });
    this.node.hidden = true;
  }

  /** Show what the kernel says; a stage that was reached here is not taken back while the run goes on. */
  update(card: Pick<Card, 'id' | 'stop'>): void {
    this.run = card.id;
    const further = card.stop !== '' && ORDER.indexOf(this.stage) > ORDER.indexOf(card.stop);
    this.show(further ? this.stage : card.stop);
  }

  /** The kernel is gone: there is nothing to stop. */
  freeze(): void {
    this.show('');
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private async act(): Promise<void> {
    if (this.stage === 'stop') {
      this.show('stopping');
      const reply = await this.context.requests.call('stop', { run: this.run });
      if (!reply.ok) {
        this.context.complain(reply.message ?? 'This run cannot be stopped.');
      }
    } else if (this.stage === 'interrupt') {
      await this.interrupt();
    }
  }

  private async interrupt(): Promise<void> {
    try {
      if (this.context.interrupt) {
        await this.context.interrupt();
      } else {
        await this.context.requests.call('interrupt', { run: this.run });
      }
    } catch {
      this.context.complain('The kernel was not interrupted; its own Stop button may still do it.');
    }
  }

  private show(stage: StopStage): void {
    if (stage === this.stage) {
      return;
    }
    this.stage = stage;
    clearTimeout(this.timer);
    if (stage === 'stopping') {
      this.timer = setTimeout(() => this.show('interrupt'), INTERRUPT_AFTER);
    }
    this.node.hidden = stage === '';
    this.node.textContent = LABELS[stage];
    this.node.title = HINTS[stage];
    this.node.setAttribute('aria-disabled', String(stage === 'stopping'));
  }

  private run = '';
  private stage: StopStage = '';
  private timer: ReturnType<typeof setTimeout> | undefined;
}
