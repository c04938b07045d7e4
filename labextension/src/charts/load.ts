/** What views need of the charts' module, and how it comes: none of this loads Vega by itself. */

import type * as module from './index.js';

export type Charts = typeof module;
export type { Chart, Datum, Mapping } from './index.js';

/** Loads the charts' module; it is kept, and a failure may be tried again. */
export type ChartsLoader = () => Promise<Charts>;

/** Keep what a loader brings. */
export function once(load: ChartsLoader): ChartsLoader {
  let found: Promise<Charts> | null = null;
  return () => {
    found ??= load().catch(error => {
      found = null;
      throw error;
    });
    return found;
  };
}
