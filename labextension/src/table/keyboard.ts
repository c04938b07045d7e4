/** What a key means in the table; pure, so that the whole keyboard is one list. */

export interface Key {
  key: string;
  shift: boolean;
  /** Ctrl, or Command on a Mac. */
  ctrl: boolean;
  alt: boolean;
}

export type Command =
  | { do: 'rows'; by: number; extend: boolean }
  | { do: 'columns'; by: number }
  | { do: 'edge'; rows: -1 | 0 | 1; columns: -1 | 0 | 1 }
  | { do: 'resize'; by: number }
  | { do: 'reorder'; by: -1 | 1 }
  | { do: 'mark' | 'markRange' | 'markAll' | 'open' | 'search' | 'clear' | 'rename' | 'delete' | 'undo' };

/** How many pixels a key makes a column wider. */
const RESIZE_STEP = 16;

/**
 * Return what a key does, or null where it is not ours.
 *
 * @param page - how many rows a page has
 * @param inHeader - whether the header is where the focus is
 */
export function command(pressed: Key, page: number, inHeader: boolean): Command | null {
  const { key, shift, ctrl, alt } = pressed;
  if (ctrl) {
    return withCtrl(key.toLowerCase());
  }
  if (alt) {
    const by = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : null;
    return inHeader && by !== null ? { do: 'reorder', by } : null;
  }
  if (inHeader && shift && (key === 'ArrowLeft' || key === 'ArrowRight')) {
    return { do: 'resize', by: key === 'ArrowLeft' ? -RESIZE_STEP : RESIZE_STEP };
  }
  switch (key) {
    case 'ArrowDown':
      return { do: 'rows', by: 1, extend: shift };
    case 'ArrowUp':
      return { do: 'rows', by: -1, extend: shift };
    case 'PageDown':
      return { do: 'rows', by: page, extend: shift };
    case 'PageUp':
      return { do: 'rows', by: -page, extend: shift };
    case 'ArrowRight':
      return { do: 'columns', by: 1 };
    case 'ArrowLeft':
      return { do: 'columns', by: -1 };
    case 'Home':
      return { do: 'edge', rows: 0, columns: -1 };
    case 'End':
      return { do: 'edge', rows: 0, columns: 1 };
    case ' ':
      return { do: shift ? 'markRange' : 'mark' };
    case 'Enter':
      return { do: 'open' };
    case '/':
      return { do: 'search' };
    case 'Escape':
      return { do: 'clear' };
    case 'F2':
      return { do: 'rename' };
    case 'Delete':
      return { do: 'delete' };
  }
  return null;
}

function withCtrl(key: string): Command | null {
  switch (key) {
    case 'a':
      return { do: 'markAll' };
    case 'z':
      return { do: 'undo' };
    case 'home':
      return { do: 'edge', rows: -1, columns: 0 };
    case 'end':
      return { do: 'edge', rows: 1, columns: 0 };
  }
  return null;
}
