import { button, div, element, fill, holdsPicture, span } from '../dom.js';
import type { ChartCard, ComparedRun, MediaSlot, Picture } from '../protocol.js';
import type { Context } from '../view.js';
import { swatch } from './lines.js';

const KEPT = 200;

/** Pictures by their hash, so that none is sent twice; a promise, so that none is asked for twice either. */
export class PictureStore {
  constructor(private readonly context: Context) {}

  /** The address of a picture: text that says how large it is where it was not sent, or why it cannot be. */
  get(run: string, picture: Picture, large: boolean): Promise<Loaded> {
    const key = `${picture.hash}${large}`;
    const known = this.known.get(key);
    if (known !== undefined) {
      return known;
    }
    const found = this.ask(run, picture, large);
    this.known.set(key, found);
    if (this.known.size > KEPT) {
      this.known.delete(this.known.keys().next().value as string);
    }
    void found.then(loaded => 'problem' in loaded && this.known.delete(key));
    return found;
  }

  private async ask(run: string, picture: Picture, large: boolean): Promise<Loaded> {
    const reply = await this.context.requests.call('picture', { run, path: picture.path, large });
    if (reply.ok && reply.large) {
      return { large: reply.large };
    }
    if (reply.ok && reply.page !== undefined) {
      return { page: reply.page };
    }
    if (reply.ok && reply.card) {
      return { card: reply.card };
    }
    if (!reply.ok || !reply.uri || !holdsPicture(reply.uri)) {
      return { problem: reply.message || 'This picture cannot be shown.' };
    }
    return { uri: reply.uri };
  }

  private readonly known = new Map<string, Promise<Loaded>>();
}

export type Loaded = { uri: string } | { page: string } | { card: ChartCard } | { large: string } | { problem: string };

/** A figure, or images with steps, of all runs: side by side, or at one place with a key that goes from run to run. */
export class PictureSlot {
  readonly node: HTMLElement;

  constructor(
    private slot: MediaSlot,
    private runs: readonly ComparedRun[],
    private readonly store: PictureStore
  ) {
    const label = slot.title || slot.name;
    this.node = element('div', { class: 'jt-slot', role: 'group', 'aria-label': label, tabindex: 0 });
    this.node.addEventListener('keydown', event => this.onKey(event));
    this.mode = button('Blink', () => this.blink(!this.blinking), { 'aria-pressed': 'false', 'aria-keyshortcuts': 'b' });
    const head = div('jt-slot-head', span('jt-name', label), slot.title && slot.title !== slot.name ? span('jt-muted', slot.name) : null, this.mode);
    this.node.append(head, this.frame, this.below);
    this.place = slot.steps.length - 1;
    if (slot.steps.length > 1) {
      this.slider = this.makeSlider();
      this.below.append(this.slider, this.told);
    }
    this.watch();
  }

  /** Take what has changed: images with further steps, another order of the runs. */
  update(slot: MediaSlot, runs: readonly ComparedRun[]): void {
    const last = this.place === this.slot.steps.length - 1;
    this.slot = slot;
    this.runs = runs;
    this.place = last ? slot.steps.length - 1 : Math.min(this.place, slot.steps.length - 1);
    if (this.slider === null && slot.steps.length > 1) {
      this.slider = this.makeSlider();
      this.below.append(this.slider, this.told);
    }
    this.slider?.setAttribute('max', String(slot.steps.length - 1));
    this.draw();
  }

  dispose(): void {
    this.observer?.disconnect();
  }

  private makeSlider(): HTMLInputElement {
    const slider = element('input', {
      type: 'range',
      min: 0,
      max: this.slot.steps.length - 1,
      step: 1,
      value: this.place,
      class: 'jt-slider',
      'aria-label': `step of ${this.slot.name}`
    });
    slider.addEventListener('input', () => this.go(Number(slider.value)));
    return slider;
  }

  private watch(): void {
    if (typeof IntersectionObserver === 'undefined') {
      this.draw();
      return;
    }
    this.observer = new IntersectionObserver(entries => {
      if (entries.some(entry => entry.isIntersecting)) {
        this.observer?.disconnect();
        this.draw();
      }
    });
    this.observer.observe(this.node);
  }

  private go(place: number): void {
    const last = this.slot.steps.length - 1;
    if (last > 0) {
      this.place = Math.min(Math.max(place, 0), last);
      this.draw();
    }
  }

  /** Show the runs at one place, or beside one another. */
  private blink(on: boolean): void {
    this.blinking = on;
    this.mode.setAttribute('aria-pressed', String(on));
    this.draw();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || (event.target === this.mode && event.key !== 'b')) {
      return;
    }
    const number = Number(event.key);
    if (event.key === 'b') {
      this.seen = this.blinking ? (this.seen + 1) % this.runs.length : this.seen;
      this.blink(true);
    } else if (event.key === 'Escape' && this.blinking) {
      this.blink(false);
    } else if (number >= 1 && number <= this.runs.length) {
      this.seen = number - 1;
      this.blink(true);
    } else if ((event.key === 'ArrowLeft' || event.key === 'ArrowRight') && event.target !== this.slider) {
      this.go(this.place + (event.key === 'ArrowLeft' ? -1 : 1));
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private get step(): number | null {
    return this.slot.steps[this.place] ?? null;
  }

  private draw(): void {
    const step = this.step;
    this.seen = Math.min(this.seen, this.runs.length - 1);
    if (this.slider !== null) {
      this.slider.value = String(this.place);
      this.slider.setAttribute('aria-valuetext', `step ${step ?? ''}`);
      fill(this.told, `step ${step ?? ''}`);
    }
    this.frame.classList.toggle('jt-one-place', this.blinking);
    const known = new Map([...this.frame.children].map(node => [(node as HTMLElement).dataset['key'] ?? '', node]));
    const cells = this.runs.map((run, place) => {
      const picture = this.slot.pictures[place]?.find(each => each.step === step) ?? null;
      const key = `${run.id} ${place} ${picture?.hash ?? ''} ${picture?.path ?? ''}`;
      const cell = (known.get(key) as HTMLElement | undefined) ?? this.cell(run, picture, key);
      cell.classList.toggle('jt-behind', this.blinking && place !== this.seen);
      return cell;
    });
    this.frame.replaceChildren(...cells);
    fill(this.hint, this.blinking ? `${this.seen + 1} of ${this.runs.length} · b shows the next, Esc all side by side` : '');
    if (!this.hint.isConnected) {
      this.below.append(this.hint);
    }
  }

  private cell(run: ComparedRun, picture: Picture | null, key: string): HTMLElement {
    const name = `${run.number} ${run.name}`.trim();
    const label = element('span', { class: 'jt-muted jt-cut', title: run.full }, name);
    const caption = div('jt-caption', swatch(run), label, picture?.whose ? span('jt-muted', `figure of ${picture.whose}`) : null);
    const box = div('jt-picture');
    const cell = div('jt-slot-cell', caption, box);
    cell.dataset['key'] = key;
    if (picture === null) {
      fill(box, span('jt-muted', this.step === null ? 'none' : `none at step ${this.step}`));
    } else if (!picture.shown) {
      fill(box, span('jt-muted', `${picture.mime} · ${picture.told} · not shown here`));
    } else {
      void this.load(box, run, picture, name, false);
    }
    return cell;
  }

  private async load(box: HTMLElement, run: ComparedRun, picture: Picture, name: string, large: boolean): Promise<void> {
    const loaded = await this.store.get(picture.run || run.id, picture, large);
    if ('uri' in loaded) {
      const alt = `${this.slot.title || this.slot.name} of ${name}${picture.step === null ? '' : `, step ${picture.step}`}`;
      const image = element('img', { src: loaded.uri, alt, decoding: 'async' });
      image.addEventListener('load', () => image.classList.toggle('jt-small', image.naturalWidth < 128));
      fill(box, image);
    } else if ('page' in loaded) {
      // Without a token in `sandbox` nothing in it runs, and it is of no origin.
      const title = `${this.slot.title || this.slot.name} of ${name}`;
      fill(box, element('iframe', { sandbox: '', srcdoc: loaded.page, referrerpolicy: 'no-referrer', class: 'jt-page', title }), span('jt-muted', 'without its scripts'));
    } else if ('card' in loaded) {
      const { title, told, hint } = loaded.card;
      fill(box, div('jt-chart-card', title && title !== this.slot.title && span('jt-name', title), span('jt-muted', told), span('jt-muted', hint)));
    } else if ('large' in loaded) {
      fill(box, button(`Show ${loaded.large}`, () => void this.load(box, run, picture, name, true)));
    } else {
      fill(box, span('jt-failed', '✗ '), span('jt-muted', loaded.problem));
    }
  }

  private readonly frame = div('jt-slot-frame');
  private readonly below = div('jt-slot-below');
  private readonly told = span('jt-muted jt-told-step');
  private readonly hint = element('span', { class: 'jt-muted', 'aria-live': 'polite' });
  private readonly mode: HTMLButtonElement;
  private slider: HTMLInputElement | null = null;
  private observer: IntersectionObserver | null = null;
  private blinking = false;
  private seen = 0;
  private place: number;
}
