import type {
  ActionMessage,
  ComparisonRowsMessage,
  CurveChoices,
  CurvesViewMessage,
  KernelMessage,
  ManyChart,
  ManyMessage,
  ReplyMessage,
  TableMessage,
  ViewMessage
} from '../protocol.js';
import { RowStore } from '../table/rowstore.js';
import type { Transport } from '../transport.js';
import { type Answers, type NamedMany, type TimedPart, wholeMany } from './data.js';
import { parseFilter } from './filter.js';
import { FilterProblem } from './filtertokens.js';
import { unknownKeys } from './hints.js';

const NOT_HERE = 'Only the best runs are here in full.';
const NOTHING_CHANGES = 'Nothing can be changed in a report.';

type Answer = Omit<ReplyMessage, 'type' | 'to'>;

/**
 * A panel's way to a kernel that there is not: it is sent what the report holds, and asked from that.
 *
 * Answers come after the question has returned, as those of a kernel do.
 */
export class FrozenTransport implements Transport {
  constructor(
    messages: readonly KernelMessage[],
    private readonly answers: Answers
  ) {
    this.charts = messages.flatMap(message => (message.type === 'many' ? [message as NamedMany] : []));
    this.own = messages.filter(message => message.type !== 'part');
    const inner = messages.flatMap(message => (message.type === 'part' ? [message.message as KernelMessage] : []));
    if (inner.length > 0) {
      this.part = new FrozenTransport(inner, { ...answers, code: answers.compared_code ?? {} });
      this.part.listen(message => this.tell({ type: 'part', part: 'curves', message }));
    }
  }

  send(message: ViewMessage | { type: 'part'; message: ViewMessage }): void {
    if (message.type === 'part') {
      this.part?.send(message.message); // the curves within a comparison are a view of their own
      return;
    }
    queueMicrotask(() => {
      if (message.type === 'ready') {
        const [first] = this.charts;
        (first === undefined ? this.own : [wholeMany(first, first)]).forEach(each => this.tell(each));
      } else {
        const answer = this.answer(message);
        if (message.to !== 0) {
          this.tell({ type: 'reply', to: message.to, ...answer });
        }
      }
    });
  }

  listen(listener: (message: KernelMessage) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** What is kept in a file does not go away. */
  closed(): void {}

  private tell(message: KernelMessage): void {
    this.listeners.forEach(listener => listener(message));
  }

  private answer(action: ActionMessage): Answer {
    switch (action.name) {
      case 'choices':
        return this.along(action.choices as Partial<CurveChoices>);
      case 'select':
      case 'window': // no more points than there are
      case 'curves':
        return { ok: true };
      case 'filter':
        return this.filtered(action.text);
      case 'open':
        return found('details', entry(this.answers.open, action.run), NOT_HERE);
      case 'code':
        return found('text', entry(this.answers.code, action.chart), '');
      case 'markdown':
        return found('text', this.answers.markdown, '');
      case 'equal':
        return found('lines', this.answers.equal, '');
      case 'rows':
        return this.rows(action);
      case 'many':
        return this.many(action);
      default:
        return { ok: false, message: NOTHING_CHANGES };
    }
  }

  /** Curves along another axis, of those that the file holds. */
  private along(choices: Partial<CurveChoices>): Answer {
    const view = this.own.find((message): message is CurvesViewMessage => message.type === 'curves-view');
    const x = choices.x ?? this.axis;
    if (view === undefined || x === this.axis) {
      return { ok: true };
    }
    if (!view.axes.some(axis => axis.id === x)) {
      return { ok: false, message: 'The curves are not in the report along this axis.' };
    }
    this.axis = x;
    this.rev += this.own.length;
    this.tell({ ...view, rev: this.rev, x, smoothing: choices.smoothing ?? view.smoothing, choices });
    for (const message of this.own) {
      if (message.type === 'curves-points') {
        this.tell({ ...message, rev: (this.rev += 1), parts: x === view.x ? message.parts : message.parts.map(timed) });
      }
    }
    return { ok: true };
  }

  /** The runs that a filter finds among those of the table. */
  private filtered(text: string): Answer {
    const table = this.own.find((message): message is TableMessage => message.type === 'table');
    if (table === undefined) {
      return { ok: false, message: 'There is no table to filter.' };
    }
    try {
      if (this.runs === null) {
        const runs = new RowStore();
        runs.load(table);
        this.runs = runs;
      }
      const found = this.runs.newest.filter(parseFilter(text, this.runs)).map(row => row.id);
      return { ok: true, found, ...(found.length > 0 ? {} : { hints: unknownKeys(text, this.runs) }) };
    } catch (error) {
      const told = error instanceof FilterProblem ? error.message : `The runs were not filtered: ${String(error)}`;
      return { ok: false, message: told };
    }
  }

  private rows({ table, start, count, equal }: Extract<ActionMessage, { name: 'rows' }>): Answer {
    const known = entry(this.answers.rows, table);
    if (known === undefined) {
      return { ok: false, message: 'This table is not in the report.' };
    }
    const whole: ComparisonRowsMessage = equal ? known.all : known.differing;
    const kept = whole.rows.length < whole.total ? { kept: whole.rows.length } : {};
    this.tell({ ...whole, ...kept, start, rows: whole.rows.slice(start, start + count) });
    return { ok: true };
  }

  /** Another chart of the same runs, with some of the axes. */
  private many(asked: Extract<ActionMessage, { name: 'many' }>): Answer {
    this.tab = asked.tab ?? this.tab;
    this.x = asked.x ?? this.x;
    this.names = asked.names === undefined ? this.names : asked.names;
    const name = this.tab === 'scatter' && this.x ? `scatter:${this.x}` : this.tab;
    const kept = this.charts.find(each => each.named === name) ?? this.charts.find(each => each.named === this.tab);
    if (kept === undefined) {
      return { ok: false, message: 'This chart is not in the report.' };
    }
    const message = wholeMany(kept, this.charts[0] as NamedMany);
    this.rev += 1;
    const shown = message.shown?.kind === 'parallel' ? someAxes(message.shown, this.names) : message.shown;
    this.tell({ ...message, ...(shown === undefined ? {} : { shown }), rev: this.rev });
    return { ok: true };
  }

  private readonly listeners = new Set<(message: KernelMessage) => void>();
  private readonly charts: NamedMany[];
  private readonly own: KernelMessage[];
  private readonly part: FrozenTransport | null = null;
  private runs: RowStore | null = null;
  private tab: ManyMessage['tab'] = 'parallel';
  private x = '';
  private axis = 'step';
  private names: string[] | null = null;
  private rev = 1;
}

/** A curve along the seconds since its run began. */
function timed(part: TimedPart): TimedPart {
  const order = (part.seconds ?? []).map((seconds, at) => [seconds, at] as const).sort(([one], [other]) => one - other);
  return {
    ...part,
    x: order.map(([seconds]) => seconds),
    y: order.map(([, at]) => part.y[at] ?? null),
    odd: part.odd.map(([x, count, what], at) => [part.oddSeconds?.[at] ?? x, count, what])
  };
}

/** What is kept under a name; of its own, since a metric may be called "constructor". */
function entry<Value>(values: Readonly<Record<string, Value>> | undefined, name: string): Value | undefined {
  return values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
}

function found<Key extends keyof Answer>(key: Key, value: Answer[Key] | undefined, message: string): Answer {
  return value === undefined ? { ok: false, message } : ({ ok: true, [key]: value } as unknown as Answer);
}

/** Parallel coordinates with the axes that are named, and the metric last. */
function someAxes(chart: ManyChart, names: readonly string[] | null): ManyChart {
  const last = chart.axes.length - 1;
  return names === null ? chart : { ...chart, axes: chart.axes.filter((axis, at) => at === last || names.includes(axis.id)) };
}
