/** A canvas over a chart, for what changes with the pointer: Vega's own drawing of a thousand lines stays as it is. */
export class Overlay {
  readonly node = document.createElement('canvas');

  constructor() {
    this.node.className = 'jt-overlay';
    this.node.setAttribute('aria-hidden', 'true');
  }

  /** Draw anew, with the next frame; what is asked for before that is drawn once. */
  draw(width: number, height: number, paint: (context: CanvasRenderingContext2D) => void): void {
    this.paint = paint;
    this.size = [width, height];
    if (this.frame === 0) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.now();
      });
    }
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
  }

  private now(): void {
    const [width, height] = this.size;
    const ratio = window.devicePixelRatio || 1;
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.node.width !== across || this.node.height !== down) {
      [this.node.width, this.node.height] = [across, down];
      [this.node.style.width, this.node.style.height] = [`${width}px`, `${height}px`];
    }
    const context = this.node.getContext('2d');
    if (context !== null) {
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      this.paint(context);
    }
  }

  private paint: (context: CanvasRenderingContext2D) => void = () => {};
  private size: [number, number] = [0, 0];
  private frame = 0;
}
