/** The widget module: the same views over a widget's messages, where there is no lab extension of ours. */

import { type Charts } from '../charts/load.js';
import { mount } from '../panel.js';
import type { KernelMessage } from '../protocol.js';
import type { Requests } from '../requests.js';
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

/**
 * Load the charts' module: a widget has one module only and no address beside it, so the kernel sends the file.
 */
async function loadCharts(_: Transport, requests: Requests): Promise<Charts> {
  const reply = await requests.call('asset', { file: 'charts.js' });
  if (!reply.ok || reply.text === undefined) {
    throw new Error(reply.message || 'the kernel did not send it');
  }
  const address = URL.createObjectURL(new Blob([reply.text], { type: 'text/javascript' }));
  try {
    return (await import(address)) as Charts;
  } finally {
    URL.revokeObjectURL(address);
  }
}

const module: WidgetModule = {
  /** Tell the kernel that the module runs, before any view: only then it shows the widget in place of its HTML. */
  initialize({ model }) {
    model.send({ type: 'ready' });
  },
  render({ model, el }) {
    return mount(el, new ModelTransport(model), { charts: loadCharts, sayReading: true });
  }
};

export default module;
