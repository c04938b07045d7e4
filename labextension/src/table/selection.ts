/** Which runs are marked for a comparison, and which one the person looks at. Values, never changed in place. */

export interface Selection {
  readonly marks: ReadonlySet<string>;
  /** The run of the last click or key. */
  readonly current: string | null;
  /** From where Shift extends. */
  readonly anchor: string | null;
}

export const NOTHING: Selection = { marks: new Set(), current: null, anchor: null };

/** Look at a run; the marks stay. */
export function look(selection: Selection, id: string | null): Selection {
  return { marks: selection.marks, current: id, anchor: id };
}

/** Mark a run, or take its mark away. */
export function toggle(selection: Selection, id: string): Selection {
  const marks = new Set(selection.marks);
  if (!marks.delete(id)) {
    marks.add(id);
  }
  return { marks, current: id, anchor: id };
}

/** Mark all runs between the anchor and a run, in the order on the page. */
export function extend(selection: Selection, id: string, order: readonly string[]): Selection {
  const from = order.indexOf(selection.anchor ?? id);
  const to = order.indexOf(id);
  if (from < 0 || to < 0) {
    return toggle(selection, id);
  }
  const between = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { marks: new Set([...selection.marks, ...between]), current: id, anchor: selection.anchor ?? id };
}

/** Mark all, or none where all are marked. */
export function toggleAll(selection: Selection, order: readonly string[]): Selection {
  const all = order.length > 0 && order.every(id => selection.marks.has(id));
  return { ...selection, marks: new Set(all ? [] : order) };
}

/** Forget runs that are gone. */
export function without(selection: Selection, ids: Iterable<string>): Selection {
  const gone = new Set(ids);
  const stays = (id: string | null) => (id !== null && gone.has(id) ? null : id);
  return {
    marks: new Set([...selection.marks].filter(id => !gone.has(id))),
    current: stays(selection.current),
    anchor: stays(selection.anchor)
  };
}

/** The runs that an action is about: those that are marked, else the one that is looked at. */
export function selected(selection: Selection): string[] {
  if (selection.marks.size > 0) {
    return [...selection.marks];
  }
  return selection.current === null ? [] : [selection.current];
}
