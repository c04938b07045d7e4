/** The part of anywidget's front-end module interface that we use; see https://anywidget.dev/en/afm. */
export interface WidgetModel {
  send(content: unknown): void;
  on(event: string, listener: (content: unknown) => void): void;
  off(event: string, listener: (content: unknown) => void): void;
}
