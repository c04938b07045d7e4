/** The widget module: the same views over a widget's messages, where there is no lab extension of ours. */

import { mount } from '../panel.js';
import type { KernelMessage } from '../protocol.js';
import { isKernelMessage, type Transport } from '../transport.js';
import type { WidgetModel, WidgetModule } from './anywidget.js';

class ModelTransport implements Transport {
  constructor(private readonly model: WidgetModel) {}

  send(message: unknown): void {
    this.model.send(message);
  }

  listen(listener: (message: KernelMessage) => void): () => void {
    const onMessage = (content: unknown) => {
      if (isKernelMessage(content)) {
        listener(content);
      }
    };
    this.model.on('msg:custom', onMessage);
    return () => this.model.off('msg:custom', onMessage);
  }

  closed(listener: () => void): void {
    this.model.on('comm:close', listener);
  }
}

const module: WidgetModule = {
  /** Tell the kernel that the module runs, before any view: only then it shows the widget in place of its HTML. */
  initialize({ model }) {
    model.send({ type: 'ready' });
  },
  render({ model, el }) {
    return mount(el, new ModelTransport(model), { sayReading: true });
  }
};

export default module;
