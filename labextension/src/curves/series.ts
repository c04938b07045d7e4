import type { CurvePart } from '../protocol.js';

/** The points of one curve that the view has, as they come from the kernel. */
export class Series {
  x: number[] = [];
  /** Null is a gap. */
  y: (number | null)[] = [];
  odd: [number, number, string][] = [];
  /** The points of the whole curve. */
  count = 0;
  whole = true;

  /** Take points; return whether they only came to those that were there. */
  take(part: CurvePart): boolean {
    this.count = part.count;
    this.whole = part.from > 0 ? this.whole : part.whole;
    this.order = null;
    if (part.from > 0 && part.from === this.x.length) {
      push(this.x, part.x);
      push(this.y, part.y);
      push(this.odd, part.odd);
      return true;
    }
    this.x = part.x;
    this.y = part.y;
    this.odd = part.odd;
    return false;
  }

  /** The place of the point that is nearest to `x`; -1 where there is none. */
  nearest(x: number): number {
    const order = this.sorted();
    if (order.length === 0) {
      return -1;
    }
    let low = 0;
    let high = order.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.x[order[middle]!]! < x) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const right = order[low]!;
    const left = order[Math.max(low - 1, 0)]!;
    return Math.abs(this.x[left]! - x) <= Math.abs(this.x[right]! - x) ? left : right;
  }

  /** The first and last place of what lies in a stretch, with a neighbour on either side; null where nothing does. */
  within(low: number, high: number): [number, number] | null {
    let first = -1;
    let last = -1;
    this.x.forEach((x, place) => {
      if (x >= low && x <= high) {
        first = first < 0 ? place : first;
        last = place;
      }
    });
    if (first < 0) {
      let before = this.x.length - 1;
      while (before >= 0 && !(this.x[before]! < low)) {
        before -= 1;
      }
      const after = this.x.findIndex(x => x > high);
      return before >= 0 && after >= 0 ? [Math.min(before, after), Math.max(before, after)] : null;
    }
    return [Math.max(first - 1, 0), Math.min(last + 1, this.x.length - 1)];
  }

  /** The places in the order of x: a curve may go back. */
  private sorted(): number[] {
    if (this.order === null) {
      this.order = this.x.map((_, place) => place);
      const { x } = this;
      if (x.some((value, place) => place > 0 && value < x[place - 1]!)) {
        this.order.sort((one, other) => x[one]! - x[other]!);
      }
    }
    return this.order;
  }

  private order: number[] | null = null;
}

function push<T>(all: T[], more: T[]): void {
  for (const one of more) {
    all.push(one);
  }
}
