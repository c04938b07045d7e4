/** Puts things onto the clipboard, or into a file where a page may not. */

const CSV_TYPE = 'text/csv';

/** Copy text, or save it as a file; returns what was done, in words. */
export async function copyOrSave(text: string, name: string, type = 'text/plain'): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return 'copied';
  } catch {
    return save(new Blob([text], { type }), name);
  }
}

/** Copy a picture, or save it as a file; returns what was done, in words. */
export async function copyPicture(picture: Blob, name: string): Promise<string> {
  try {
    await navigator.clipboard.write([new ClipboardItem({ [picture.type]: picture })]);
    return 'copied';
  } catch {
    return save(picture, name);
  }
}

/** Copy rows as CSV, or save them; returns what was done, in words. */
export function copyRows(header: string[], rows: (string | number | null)[][], name: string): Promise<string> {
  const text = [header, ...rows].map(row => row.map(cell).join(',')).join('\r\n') + '\r\n';
  return copyOrSave(text, name, CSV_TYPE);
}

/** A cell of a CSV file: text in quotes where it has to be, and none that a spreadsheet takes for a formula. */
export function cell(value: string | number | null): string {
  if (typeof value !== 'string') {
    return value === null ? '' : String(value);
  }
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A name for a file. */
export function fileName(key: string, ending: string): string {
  return `${key.replace(/[^\w.-]+/g, '_').slice(0, 60) || 'chart'}.${ending}`;
}

function save(content: Blob, name: string): string {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  return `saved as ${name}`;
}
