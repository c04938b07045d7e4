import type { ChartsLoader } from './charts/load.js';
import type { KernelMessage } from './protocol.js';
import type { Requests } from './requests.js';
import type { Shared } from './shared.js';

/** The view of one kind of panel. */
export interface View {
  readonly node: HTMLElement;
  /** Take a message that is meant for it; others are left alone. */
  receive(message: KernelMessage): void;
  /** The kernel is gone: nothing can be done any more, all that was seen stays. */
  freeze(): void;
  dispose(): void;
}

/** What the application around a view can do for it. */
export interface Host {
  /** Put code into a new cell below an element; resolves to whether it did. */
  insertCode?: ((below: Node, code: string) => Promise<boolean>) | undefined;
  /** The address of a file beside the document that holds an element; null where there is none. */
  addressOf?: ((near: Node, name: string) => Promise<string | null>) | undefined;
}

/** What a view is given. */
export interface Context extends Host {
  requests: Requests;
  /** What it shares with the other views of the panel. */
  shared: Shared;
  /** Whether this is a page without a kernel, in which nothing can be changed. */
  still?: boolean | undefined;
  /** Loads the charts' module, once. */
  charts: ChartsLoader;
  /** The host's own interrupt, where there is one. */
  interrupt?: (() => Promise<void>) | undefined;
  /** Read out a change of state, once. */
  announce(text: string): void;
  /** Say what went wrong, until the next action. */
  complain(text: string): void;
  /** Say what should be known of what was done, until the next action. */
  tell(text: string): void;
}
