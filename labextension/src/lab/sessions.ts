import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { Kernel, Session } from '@jupyterlab/services';
import type { ISignal } from '@lumino/signaling';

/** The part of a document's session that a panel needs; notebooks and consoles have one. */
export interface SessionContext {
  readonly session: Session.ISessionConnection | null;
  readonly ready: Promise<void>;
  readonly kernelChanged: ISignal<unknown, unknown>;
  readonly statusChanged: ISignal<unknown, Kernel.Status>;
  readonly connectionStatusChanged: ISignal<unknown, Kernel.ConnectionStatus>;
}

const AREAS = ['main', 'right', 'left', 'down'];

/**
 * Finds the session whose kernel made a panel: that of the document which holds the panel's output.
 *
 * An output that is shown in a window of its own lies in no document. It is found by its panel, once the panel has
 * been seen in a document.
 */
export class Sessions {
  constructor(private readonly shell: JupyterFrontEnd.IShell) {}

  /** The session for a panel's output, or null where there is none. */
  find(panel: string, node: Node): SessionContext | null {
    const found = this.containing(node);
    if (found !== null) {
      this.known.set(panel, found);
    }
    return found ?? this.known.get(panel) ?? null;
  }

  private containing(node: Node): SessionContext | null {
    for (const area of AREAS) {
      for (const widget of this.widgets(area)) {
        const context = (widget as { sessionContext?: SessionContext }).sessionContext;
        if (context?.statusChanged && widget.node.contains(node)) {
          return context;
        }
      }
    }
    return null;
  }

  private widgets(area: string): { node: HTMLElement }[] {
    try {
      return [...this.shell.widgets(area)];
    } catch {
      return []; // Notebook 7 has fewer areas, and throws for the others
    }
  }

  private readonly known = new Map<string, SessionContext>();
}
