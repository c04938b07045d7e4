/** The module that a widget's loader asks for: the same views over a widget's messages, without our lab extension. */

import { type Charts } from '../charts/load.js';
import { mount } from '../panel.js';
import type { KernelMessage } from '../protocol.js';
import type { Requests } from '../requests.js';
import { isKernelMessage, type Transport } from '../transport.js';
import type { WidgetModel } from './anywidget.js';
import { Places } from './places.js';

const ENDS = ['comm:close', 'comm_live_update'];

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

  /** The comm is closed by the kernel, or the host says that the kernel it led to is gone: at a restart. */
  closed(listener: () => void): void {
    const once = () => {
      ENDS.forEach(event => this.model.off(event, once));
      listener();
    };
    ENDS.forEach(event => this.model.on(event, once));
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

const STYLE = 'jt-style';

/** Show a panel wherever its HTML is on the page; returns what takes the views away again. */
export function start(model: WidgetModel, panel: string, css: string): () => void {
  if (document.getElementById(STYLE) === null) {
    const style = document.createElement('style');
    style.id = STYLE;
    style.textContent = css;
    document.head.append(style);
  }
  const transport = new ModelTransport(model);
  const places = new Places(
    `jt-place-${panel}`,
    (host, onShown) => mount(host, transport, { charts: loadCharts, onShown }),
    () => model.send({ type: 'left' })
  );
  return () => places.dispose();
}
