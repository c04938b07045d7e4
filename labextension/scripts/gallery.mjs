// Bundles the gallery into lib/gallery.html, which opens without a server. Development only.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const common = { absWorkingDir: here, bundle: true, write: false, logLevel: 'warning' };
const script = await build({ ...common, entryPoints: ['tests/gallery.ts'], format: 'iife', target: 'es2022' });
const style = await build({ ...common, entryPoints: ['style/index.css'] });
mkdirSync(join(here, 'lib'), { recursive: true });
writeFileSync(
  join(here, 'lib', 'gallery.html'),
  `<!doctype html><meta charset="utf-8"><title>Panels</title><style>${style.outputFiles[0].text}</style>` +
    `<body><script>${script.outputFiles[0].text.replaceAll('</script', '<\\/script')}</script></body>`
);
