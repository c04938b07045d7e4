/** What the page itself does: the theme, and that it is printed light. */

import { button } from '../dom.js';

const THEME = 'data-jp-theme-light'; // what the style sheet and the charts look at in a notebook too
const root = document.documentElement;

/** Put a button for the theme into the head of the report; until it is pressed the system's is taken. */
export function offerThemes(head: Element): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const isLight = () => (root.hasAttribute(THEME) ? root.getAttribute(THEME) === 'true' : !dark.matches);
  const node = button('', () => {
    root.setAttribute(THEME, String(!isLight()));
    tell();
  });
  const tell = () => {
    node.textContent = isLight() ? 'Dark' : 'Light';
    node.setAttribute('aria-label', isLight() ? 'Show on a dark ground' : 'Show on a light ground');
  };
  node.classList.add('jtr-theme');
  dark.addEventListener('change', tell);
  tell();
  head.append(node);
}

/** Paper is white: what was chosen for the screen does not count there. Folded parts are opened. */
export function printLight(): void {
  let chosen: string | null = null;
  let opened: HTMLDetailsElement[] = [];
  addEventListener('beforeprint', () => {
    chosen = root.getAttribute(THEME);
    root.setAttribute(THEME, 'true');
    opened = [...document.querySelectorAll<HTMLDetailsElement>('main details:not([open])')].filter(each => each.closest('.jtr-live') === null);
    opened.forEach(each => (each.open = true));
  });
  addEventListener('afterprint', () => {
    if (chosen === null) {
      root.removeAttribute(THEME);
    } else {
      root.setAttribute(THEME, chosen);
    }
    opened.forEach(each => (each.open = false));
  });
}

/** Let the Tab key stop at what scrolls, and not at what fits. */
export function reachWhatScrolls(): void {
  const observer = new ResizeObserver(entries => {
    for (const { target } of entries) {
      const scrolls = target.scrollWidth > target.clientWidth;
      if (scrolls || target === document.activeElement) {
        target.setAttribute('tabindex', '0');
      } else {
        target.removeAttribute('tabindex');
      }
    }
  });
  document.querySelectorAll('main :is(.jtr-wide, pre)[tabindex]').forEach(node => observer.observe(node));
}

/** Mark the part that is read in the contents. */
export function followReading(contents: Element): void {
  const links = new Map([...contents.querySelectorAll('a')].map(link => [link.hash.slice(1), link]));
  const seen = new Set<string>();
  const observer = new IntersectionObserver(
    entries => {
      entries.forEach(({ target, isIntersecting }) => (isIntersecting ? seen.add(target.id) : seen.delete(target.id)));
      const first = [...links.keys()].find(id => seen.has(id));
      links.forEach((link, id) => (id === first ? link.setAttribute('aria-current', 'true') : link.removeAttribute('aria-current')));
    },
    { rootMargin: '0px 0px -60% 0px' }
  );
  document.querySelectorAll('main > section').forEach(section => observer.observe(section));
}
