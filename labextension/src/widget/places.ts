/** How often the page is looked at for the panel's HTML, in milliseconds: a host may take it away and bring it back. */
const LOOK = 500;

/** Shows something in a host; `shown` is to be called once there is something to see. */
export type Show = (host: HTMLElement, shown: () => void) => () => void;

/**
 * The places on the page where the HTML of a panel stands, each with a live view in its stead.
 *
 * The HTML is hidden only once its view has something to show, and is back when the view goes. A new form of the HTML is
 * a new place; the last form of a panel is none, and so the view goes with the HTML that it stood for.
 */
export class Places {
  /**
   * @param name - the class of the HTML
   * @param show - shows the view
   * @param onLeft - called when the last view has gone
   */
  constructor(
    private readonly name: string,
    private readonly show: Show,
    private readonly onLeft: () => void
  ) {
    this.look();
    this.timer = setInterval(() => this.look(), LOOK);
  }

  dispose(): void {
    clearInterval(this.timer);
    [...this.views.keys()].forEach(place => this.leave(place));
  }

  private look(): void {
    for (const place of this.views.keys()) {
      if (!place.isConnected || !place.classList.contains(this.name)) {
        this.leave(place);
      }
    }
    for (const place of document.getElementsByClassName(this.name) as HTMLCollectionOf<HTMLElement>) {
      if (!this.views.has(place)) {
        this.take(place);
      }
    }
  }

  private take(place: HTMLElement): void {
    const host = document.createElement('div');
    host.hidden = true;
    place.after(host);
    const unmount = this.show(host, () => {
      host.hidden = false;
      place.style.display = 'none';
    });
    this.views.set(place, () => {
      unmount();
      host.remove();
      place.style.display = '';
    });
  }

  private leave(place: HTMLElement): void {
    this.views.get(place)?.();
    this.views.delete(place);
    if (this.views.size === 0) {
      this.onLeft();
    }
  }

  private readonly views = new Map<HTMLElement, () => void>();
  private readonly timer: ReturnType<typeof setInterval>;
}
