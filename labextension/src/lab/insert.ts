import type { JupyterFrontEnd } from '@jupyterlab/application';

/** The part of a notebook that is needed to put a cell into it. */
interface NotebookContent {
  widgets: readonly { node: HTMLElement }[];
  activeCellIndex: number;
  activeCell: { model: { sharedModel: { setSource(text: string): void } } } | null;
}

/**
 * Put code into a new cell below the one that holds an element, and do not run it.
 *
 * @returns whether there was such a cell: an output in a window of its own lies in no notebook
 */
export async function insertCode(app: JupyterFrontEnd, below: Node, code: string): Promise<boolean> {
  for (const widget of app.shell.widgets('main')) {
    const content = (widget as { content?: Partial<NotebookContent> }).content;
    const index = content?.widgets?.findIndex(cell => cell.node.contains(below)) ?? -1;
    if (content !== undefined && index >= 0) {
      const notebook = content as NotebookContent;
      app.shell.activateById(widget.id); // the command works on the notebook in front
      notebook.activeCellIndex = index;
      await app.commands.execute('notebook:insert-cell-below');
      if (notebook.activeCellIndex !== index + 1) {
        return false;
      }
      notebook.activeCell?.model.sharedModel.setSource(code);
      return true;
    }
  }
  return false;
}
