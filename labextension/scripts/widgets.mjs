// Builds the small module that a widget carries, the one that it asks the kernel for, the charts' module, and their style
// sheet, each without imports, into the Python package; and the scripts and the style sheet of reports.
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
// A report has its scripts in the page, where none can import another: the charts are a global name.
for (const [name, entry, globalName] of [
  ['report', 'src/report/index.ts', undefined],
  ['report-charts', 'src/charts/index.ts', 'jtCharts']
]) {
  await build({
    absWorkingDir: here,
    entryPoints: { [name]: entry },
    outdir,
    bundle: true,
    format: 'iife',
    ...(globalName && { globalName }),
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning'
  });
}
await build({
  absWorkingDir: here,
  entryPoints: { panel: 'style/index.css', report: 'style/report.css' },
  outdir,
  bundle: true,
  minify: true,
  logLevel: 'warning'
});
