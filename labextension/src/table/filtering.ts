import type { Context } from '../view.js';
import type { TableModel } from './model.js';
import { isGrammar, wordsOf } from './search.js';

/** How long after the last key the kernel is asked, in milliseconds. */
const SETTLE = 250;

/**
 * The text of the filter box: words are searched here and at once, the search grammar is sent to the kernel.
 *
 * Only the answer to the last question counts. Until it comes, the rows stay as they are; where the filter cannot be
 * read, all of them are shown, and that is said.
 */
export class Filtering {
  /** What is wrong with the filter, as the kernel says it. */
  problem = '';

  /**
   * @param onChange - called when the rows or the problem may have changed
   */
  constructor(
    private readonly model: TableModel,
    private readonly context: Context,
    private readonly onChange: () => void
  ) {}

  /** Filter by a text, now or when no key has been pressed for a moment. */
  apply(text: string, now = false): void {
    clearTimeout(this.timer);
    this.question += 1;
    if (text !== this.model.choices.filter) {
      this.model.choose({ filter: text });
    }
    if (!isGrammar(text)) {
      this.problem = '';
      this.model.filter = { words: wordsOf(text) };
      this.model.renew();
      this.onChange();
      return;
    }
    this.timer = setTimeout(() => void this.ask(text), now ? 0 : SETTLE);
  }

  /** Ask again: runs have changed, and some may match now. */
  repeat(): void {
    if (isGrammar(this.model.choices.filter) && !this.problem) {
      void this.ask(this.model.choices.filter);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.question += 1;
  }

  private async ask(text: string): Promise<void> {
    const question = ++this.question;
    const reply = await this.context.requests.call('filter', { text });
    if (question !== this.question) {
      return;
    }
    this.problem = reply.ok ? '' : (reply.message ?? 'This filter cannot be read.');
    // The rows of the filter before are no answer to this one: without an answer there are all.
    this.model.filter = reply.ok ? { found: new Set(reply.found ?? []), hints: reply.hints ?? [] } : { words: [] };
    this.model.renew();
    this.onChange();
  }

  private question = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
}
