/** The colours and the font of charts: those of the style sheet's tokens where the chart is, as they are now. */
export interface Theme {
  text: string;
  muted: string;
  ground: string;
  /** Of the grid: the text at 8 %, stronger where the person asks for contrast. */
  gridOpacity: number;
  warning: string;
  font: string;
}

const SYSTEM_FONT = 'system-ui, sans-serif';

/** Read the theme at an element of a panel. */
export function themeOf(node: Element): Theme {
  const style = getComputedStyle(node);
  const token = (name: string, fallback: string) => style.getPropertyValue(`--jt-${name}`).trim() || fallback;
  if (matches('(forced-colors: active)')) {
    return { text: 'CanvasText', muted: 'CanvasText', ground: 'Canvas', gridOpacity: 0.3, warning: 'CanvasText', font: SYSTEM_FONT };
  }
  return {
    text: token('text', '#1f2328'),
    muted: token('muted', '#59636e'),
    ground: token('ground', '#ffffff'),
    gridOpacity: matches('(prefers-contrast: more)') ? 0.3 : 0.08,
    warning: token('warning', '#8a5a00'),
    font: style.fontFamily || SYSTEM_FONT
  };
}

/** The Vega-Lite config of a theme: a transparent ground, no frame, a horizontal grid only, 4 to 5 ticks. */
export function configOf(theme: Theme): object {
  return {
    background: 'transparent',
    font: theme.font,
    view: { stroke: null },
    autosize: { type: 'fit', contains: 'padding', resize: true },
    padding: 4,
    axis: {
      domain: false,
      ticks: false,
      labelColor: theme.muted,
      labelFontSize: 11,
      titleColor: theme.muted,
      titleFontSize: 12,
      titleFontWeight: 'normal',
      gridColor: theme.text,
      gridOpacity: theme.gridOpacity,
      labelPadding: 6,
      tickCount: 5
    },
    axisX: { grid: false },
    line: { strokeWidth: 1.5, strokeJoin: 'round', strokeCap: 'butt' },
    rule: { color: theme.muted },
    text: { color: theme.text, fontSize: 11, font: theme.font },
    legend: { labelColor: theme.text, titleColor: theme.muted, titleFontWeight: 'normal' },
    title: { color: theme.text, fontSize: 12, fontWeight: 'normal', anchor: 'start' },
    style: { 'jt-warning': { color: theme.warning }, 'jt-text': { color: theme.text }, 'jt-muted': { color: theme.muted }, 'jt-ground': { fill: theme.ground, stroke: theme.ground } }
  };
}

/** Call `changed` when the host's theme changes, until the function that is returned is called. */
export function watchTheme(changed: () => void): () => void {
  // The host says its theme before its style sheet is there: look again a little later.
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const soon = () => {
    changed();
    const timer = setTimeout(() => {
      timers.delete(timer);
      changed();
    }, SETTLED);
    timers.add(timer);
  };
  const observer = new MutationObserver(soon);
  for (const node of [document.documentElement, document.body]) {
    observer.observe(node, { attributes: true, attributeFilter: [...NAMES] });
  }
  const queries = QUERIES.map(query => window.matchMedia?.(query)).filter(query => query !== undefined);
  queries.forEach(query => query.addEventListener('change', soon));
  return () => {
    observer.disconnect();
    timers.forEach(clearTimeout);
    queries.forEach(query => query.removeEventListener('change', soon));
  };
}

const SETTLED = 400; // milliseconds
const NAMES = ['data-jp-theme-light', 'data-jp-theme-name', 'data-vscode-theme-kind', 'data-vscode-theme-id', 'class', 'style'];
const QUERIES = ['(prefers-color-scheme: dark)', '(prefers-contrast: more)', '(forced-colors: active)'];

function matches(query: string): boolean {
  return window.matchMedia?.(query).matches ?? false;
}
