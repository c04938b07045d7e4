// Builds the small module that a widget carries, the one that it asks the kernel for, the charts' module, and their style
// sheet, each without imports, into the Python package.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const outdir = join(here, '..', 'jupyter_track', 'panels', 'static');

rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: here,
  entryPoints: { loader: 'src/widget/loader.ts', panel: 'src/widget/panel.ts', charts: 'src/charts/index.ts' },
  outdir,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning'
});
await build({
  absWorkingDir: here,
  entryPoints: { panel: 'style/index.css' },
  outdir,
  bundle: true,
  minify: true,
  logLevel: 'warning'
});
