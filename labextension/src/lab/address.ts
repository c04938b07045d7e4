import type { JupyterFrontEnd } from '@jupyterlab/application';

/** The part of a document that is needed to know where it lies. */
interface Document {
  node: HTMLElement;
  context?: { path: string };
}

/**
 * Return the address at which the server gives out a file that lies beside a document.
 *
 * @param near - an element of the document
 * @param name - the file, relative to the folder of the document
 * @returns null where the element lies in no document
 */
export async function addressOf(app: JupyterFrontEnd, near: Node, name: string): Promise<string | null> {
  for (const widget of app.shell.widgets('main')) {
    const { node, context } = widget as Document;
    if (context !== undefined && node.contains(near)) {
      const folder = context.path.slice(0, context.path.lastIndexOf('/') + 1);
      return app.serviceManager.contents.getDownloadUrl(folder + name);
    }
  }
  return null;
}
