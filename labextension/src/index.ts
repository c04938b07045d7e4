import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

import { addressOf } from './lab/address.js';
import { insertCode } from './lab/insert.js';
import { Left } from './lab/left.js';
import { PanelRenderer } from './lab/renderer.js';
import { Sessions } from './lab/sessions.js';
import { MIME_TYPE } from './protocol.js';

/** Before the widget view (-10) and the HTML of the same bundle. */
const RANK = -20;

/** Shows live cards and tables of runs in the outputs of notebooks and consoles. */
const panels: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-track:panels',
  description: 'Live cards and tables of runs.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  activate(app: JupyterFrontEnd, registry: IRenderMimeRegistry): void {
    const sessions = new Sessions(app.shell);
    const left = new Left();
    const factory: IRenderMime.IRendererFactory = {
      // Safe: it shows text only, and asks the kernel for a panel by an id that nobody can guess.
      safe: true,
      mimeTypes: [MIME_TYPE],
      createRenderer: options => {
        const html = registry.getFactory('text/html');
        const still = () => html?.createRenderer({ ...options, mimeType: 'text/html' }) ?? null;
        return new PanelRenderer(still, sessions, left, {
          insertCode: (below, code) => insertCode(app, below, code),
          addressOf: (near, name) => addressOf(app, near, name)
        });
      }
    };
    registry.addFactory(factory, RANK);
  }
};

export default [panels];
