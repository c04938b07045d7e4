/** One line of the table as elements. */

import { bestMark, arrow } from '../card/changes.js';
import { div, element, glyph, picture, runColor, span, tokenClass } from '../dom.js';
import type { Change, Column, Spark } from '../protocol.js';
import { age, clock, iso } from '../times.js';
import { runCount } from '../words.js';
import type { DeletedLine, FoldLine, GroupLine, Line, RunLine } from './arrange.js';
import { toldOfOthers } from './below.js';
import { cellCopy, cellFull, cellText, DURATION, isBest, isMuted, NAME, NUMBER, STARTED, STATUS } from './cells.js';
import { FIXED, type Slot } from './columns.js';
import { type Row, tookText } from './rows.js';

/** What a line is drawn with. */
export interface Drawing {
  slots: readonly Slot[];
  /** All columns of the table. */
  columns: readonly Column[];
  /** Whether the page is narrow: the state has no column of words then. */
  narrow: boolean;
  marked(id: string): boolean;
  current(id: string): boolean;
  /** The curve of the main metric: undefined until it is known. */
  curve(row: Row): Spark | null | undefined;
  /** What a row says against its baseline. */
  change(row: Row, column: Column): Change | null;
  /** Seconds since the rows were received. */
  since(row: Row): number;
  /** The colour of a run, as all views of the panel have it. */
  color(row: Row): string;
  /** The run that is pointed at, here or in another view. */
  lifted: string | null;
  /** Whether any run is marked: the curves of the others recede then. */
  anyMarked: boolean;
}

/** How many characters at the end of a long name are always seen: names often differ there. */
const TAIL = 8;
const LONG = 20;

/** Make the element of a line. */
export function lineElement(line: Line, drawing: Drawing): HTMLElement {
  switch (line.kind) {
    case 'run':
      return runElement(line, drawing);
    case 'group':
      return groupElement(line, drawing);
    case 'fold':
      return wide(line.key, [foldLabel(line)], line.open, line.depth + 1);
    case 'deleted':
      return wide(line.key, [deletedLabel(line)], null, 1);
  }
}

function runElement(line: RunLine, drawing: Drawing): HTMLElement {
  const { row } = line;
  const marked = drawing.marked(row.id);
  const chosen = marked || row.pinned || row.baseline || drawing.current(row.id);
  const node = element('div', {
    role: 'row',
    class: ['jt-row', chosen && 'jt-chosen', drawing.lifted === row.id && 'jt-lifted', line.lastPinned && 'jt-last-pinned', row.deleted && 'jt-deleted']
      .filter(Boolean)
      .join(' '),
    'data-key': line.key,
    'aria-level': line.depth + 1,
    'aria-selected': String(marked),
    'aria-expanded': line.open === null ? null : String(line.open),
    'data-current': drawing.current(row.id)
  });
  const color = chosen ? runColor(drawing.color(row)) : null; // all in the row inherits it, so only where it is seen
  if (color !== null) {
    node.style.setProperty('--jt-run', row.baseline ? 'var(--jt-text)' : color);
  }
  const box = element('input', { type: 'checkbox', tabindex: -1, 'aria-label': `Mark ${row.name}` });
  box.checked = marked;
  if (marked) {
    box.setAttribute('checked', ''); // isEqualNode compares attributes
  }
  const fixed = div('jt-fixed', element('div', { role: 'gridcell', class: 'jt-cell jt-mark' }, box));
  fixed.setAttribute('role', 'presentation');
  node.append(fixed);
  drawing.slots.forEach((slot, place) => {
    const cell = cellElement(slot, place);
    fillCell(cell, line, slot, drawing, chosen);
    (place < FIXED ? fixed : node).append(cell);
  });
  return node;
}

/**
 * Keep what a cell says in full; the grid makes it the title of the one that is pointed at.
 *
 * Titles of all cells would be written with each line that is scrolled in, and a page's style sheets have rules for
 * titles, so that each writing makes the style of the cell anew: half of the time of a scroll.
 */
function hint(cell: HTMLElement, text: string): void {
  cell.dataset['title'] = text;
}

function cellElement(slot: Slot, place: number): HTMLElement {
  const classes = ['jt-cell', slot.right && 'jt-right', place < FIXED && `jt-own-${place}`];
  return element('div', { role: 'gridcell', class: classes.filter(Boolean).join(' ') });
}

function fillCell(cell: HTMLElement, line: RunLine, slot: Slot, drawing: Drawing, chosen: boolean): void {
  const { row } = line;
  switch (slot.id) {
    case STATUS:
      cell.append(glyph(row.state, drawing.narrow));
      if (!drawing.narrow) {
        const word = span(row.state.word === 'finished' ? 'jt-cut jt-muted' : 'jt-cut', shortWord(row.state.word));
        cell.append(word);
        hint(cell, row.state.word);
      }
      return;
    case NUMBER:
      cell.append(span('jt-muted', row.number === null ? '' : String(row.number)));
      return;
    case NAME:
      nameCell(cell, line, drawing);
      return;
    case DURATION:
      cell.textContent = durationText(row, drawing.since(row));
      return;
    case STARTED:
      cell.append(span('jt-muted', age(row.started, Date.now())));
      hint(cell, iso(row.started));
      return;
  }
  if (slot.column !== null) {
    valueCell(cell, line, slot.column, slot, drawing, chosen);
  }
}

/** `lost` of `lost (kernel died)`: the reason is in the title. */
function shortWord(word: string): string {
  return word.split(' (')[0] ?? word;
}

/** The name with what stands before and behind it: the triangle of what is below, repeats, pin, what changed. */
function nameCell(cell: HTMLElement, line: RunLine, drawing: Drawing): void {
  const { row } = line;
  cell.classList.add('jt-name-cell');
  if (line.depth > 0) {
    cell.style.paddingLeft = `${4 + 16 * Math.min(line.depth, 4)}px`;
  }
  if (line.open !== null) {
    cell.append(triangle(line.open));
  } else if (line.depth > 0) {
    cell.append(span('jt-muted jt-branch', '└'));
  }
  if (row.baseline || row.pinned) {
    const [sign, word] = row.baseline ? ['◆', 'baseline'] : ['◇', 'pinned'];
    cell.append(element('span', { class: 'jt-pin', role: 'img', 'aria-label': word, title: word }, sign));
  }
  cell.append(nameElement(row.name, drawing.narrow));
  if (line.times > 1) {
    const title = `${line.times} runs of the same code, params and data`;
    cell.append(element('span', { class: 'jt-muted jt-times', title }, `×${line.times}`));
  }
  if (drawing.narrow && row.state.word !== 'finished') {
    cell.append(span('jt-muted jt-word', shortWord(row.state.word)));
  }
  const beside = row.changed.join(', ') || (row.note && `“${row.note}”`);
  if (beside) {
    cell.append(span('jt-muted jt-beside', beside));
  }
  cell.dataset['full'] = row.name;
  hint(cell, [row.name, row.state.word, row.changed.join(', '), row.note].filter(Boolean).join('\n'));
}

/** A name whose middle gives way where there is no room. */
function nameElement(name: string, narrow: boolean): HTMLElement {
  const characters = [...name];
  if (characters.length <= LONG || narrow) {
    return span('jt-name', span('jt-cut', name));
  }
  const head = characters.slice(0, -TAIL).join('');
  return span('jt-name', span('jt-cut', head), span('jt-tail', characters.slice(-TAIL).join('')));
}

function valueCell(
  cell: HTMLElement,
  line: RunLine,
  column: Column,
  slot: Slot,
  drawing: Drawing,
  chosen: boolean
): void {
  const { row } = line;
  const told = toldOfOthers(line, column, drawing.columns);
  const text = told?.text ?? cellText(row, column);
  if (slot.main) {
    const spark = drawing.curve(row);
    const place = span(spark?.log ? 'jt-spark-place jt-logged' : 'jt-spark-place', spark ? picture(spark) : null);
    if (drawing.anyMarked && !chosen) {
      place.classList.add('jt-faint');
    }
    cell.append(place);
  }
  const shown = told === null && isBest(row, column)
    ? span('', bestMark(slot.goal.slice(0, 1), row.live || row.state.word === 'running'), ' ', span('jt-best', text))
    : span(valueClass(text, told !== null || isMuted(row, column)), text);
  shown.classList.add('jt-cut');
  cell.append(shown);
  if (slot.changeWidth > 0) {
    const change = drawing.change(row, column);
    const beside = span('jt-change jt-muted', change ? change.text : '', change?.arrow && ' ', change && arrow(change));
    beside.style.width = `${slot.changeWidth}px`;
    cell.append(beside);
  }
  const full = told?.title ?? cellFull(row, column);
  if (full) {
    hint(cell, full);
    cell.dataset['full'] = told?.text ?? cellCopy(row, column);
  }
}

function valueClass(text: string, muted: boolean): string {
  return text === 'NaN' ? tokenClass('warning') : muted ? 'jt-muted' : '';
}

/** How long a run took; a running one goes on. */
function durationText(row: Row, since: number): string {
  return row.live && row.seconds !== null ? clock(row.seconds + since) : tookText(row);
}

function groupElement(line: GroupLine, drawing: Drawing): HTMLElement {
  const node = wide(line.key, [span('jt-name jt-cut', line.label), span('jt-muted', runCount(line.ids.length))], line.open, 1);
  node.classList.add('jt-group');
  drawing.slots.slice(FIXED).forEach(slot => {
    const text = slot.place === null ? '' : (line.cells[slot.place] ?? '');
    const cell = cellElement(slot, FIXED);
    if (slot.main) {
      cell.append(span('jt-spark-place'));
    }
    cell.append(span('jt-cut', text));
    if (slot.changeWidth > 0) {
      const room = span('jt-change');
      room.style.width = `${slot.changeWidth}px`;
      cell.append(room);
    }
    hint(cell, text);
    node.append(cell);
  });
  return node;
}

function foldLabel(line: FoldLine): HTMLElement {
  const label = `${line.ids.length} failed attempts`;
  return span('jt-cut', glyph(line.row.state, false), span('jt-muted', label));
}

function deletedLabel(line: DeletedLine): HTMLElement {
  const [first] = line.ids;
  const number = line.row.number === null ? '' : ` #${line.row.number}`;
  const what = line.ids.length === 1 ? `${line.row.name}${number}` : `${line.ids.length} runs`;
  const undo = element('button', { type: 'button', class: 'jt-button', tabindex: -1, 'data-undo': first }, 'Undo');
  return span('jt-cut', span('jt-muted', `Deleted ${what} · `), undo);
}

/** A line without columns of its own: its label lies over the first ones and stays while the rest scrolls. */
function wide(key: string, label: HTMLElement[], open: boolean | null, level: number): HTMLElement {
  const cell = div('jt-cell jt-wide', open !== null && triangle(open), ...label);
  cell.setAttribute('role', 'gridcell');
  if (level > 1) {
    cell.style.paddingLeft = `${28 + 16 * (level - 1)}px`;
  }
  const expanded = open === null ? null : String(open);
  const words = { role: 'row', class: 'jt-row', 'data-key': key, 'aria-level': level, 'aria-expanded': expanded };
  return element('div', words, cell);
}

function triangle(open: boolean): HTMLElement {
  const label = open ? 'Close' : 'Open';
  const attributes = { type: 'button', class: 'jt-triangle', tabindex: -1, 'aria-label': label, 'data-toggle': true };
  return element('button', attributes, open ? '▾' : '▸');
}
