/**
 * The module that a widget carries, and all of it that could be saved with a notebook: it asks the kernel for the real
 * one, and lets that put views in the place of the panel's HTML.
 */

import type { WidgetModel } from './anywidget.js';

interface ModuleMessage {
  type: string;
  panel: string;
  text: string;
  css: string;
}

/** The real module. */
export interface PanelModule {
  /** Show the panel wherever its HTML is on the page; returns what takes the views away again. */
  start(model: WidgetModel, panel: string, css: string): () => void;
}

export default {
  /** It must not wait for the answer: a host takes the next message only when the model is made. */
  initialize({ model }: { model: WidgetModel }): () => void {
    let end: (() => void) | null = () => {};
    const take = async (content: unknown) => {
      const { type, panel, text, css } = content as ModuleMessage;
      if (type !== 'module') {
        return;
      }
      model.off('msg:custom', take);
      const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
      const real = (await import(address)) as PanelModule;
      URL.revokeObjectURL(address);
      model.send({ type: 'loaded' });
      end &&= real.start(model, panel, css);
    };
    model.on('msg:custom', take);
    model.send({ type: 'module' });
    return () => {
      end?.();
      end = null;
    };
  }
};
