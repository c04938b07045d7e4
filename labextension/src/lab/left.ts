import type { Connection } from './connection.js';
import type { SessionContext } from './sessions.js';

const KEPT = 10_000; // milliseconds: a busy machine takes its time

/**
 * Live views whose outputs were erased.
 *
 * `clear_output` in a loop erases the card, and the kernel shows it again in a moment. Its view comes back as it was,
 * with a note that is half written, rather than be connected anew each time.
 */
export class Left {
  /** Keep the view of a panel for a while. */
  leave(panel: string, connection: Connection): void {
    this.drop(panel);
    const timer = setTimeout(() => this.drop(panel), KEPT);
    this.kept.set(panel, { connection, timer });
  }

  /** The view of a panel, where it was left in this document a moment ago. */
  take(panel: string, session: SessionContext): Connection | null {
    const found = this.kept.get(panel);
    if (found === undefined || found.connection.session !== session) {
      return null;
    }
    clearTimeout(found.timer);
    this.kept.delete(panel);
    return found.connection;
  }

  private drop(panel: string): void {
    const found = this.kept.get(panel);
    if (found !== undefined) {
      clearTimeout(found.timer);
      this.kept.delete(panel);
      found.connection.dispose();
    }
  }

  private readonly kept = new Map<string, { connection: Connection; timer: ReturnType<typeof setTimeout> }>();
}
