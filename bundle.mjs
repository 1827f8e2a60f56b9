/**
 * Joins the built command line and its two kinds of worker threads into few files, in dist/bin: to find, read and link the
 * 350 small files of a start takes Node a quarter of that start. Dependencies stay where npm has put them.
 *
 * All of it goes to one folder, so that what is found beside a module (the workers, ../../package.json) is found from a chunk too.
 */
import { rolldown } from 'rolldown';

const bundle = await rolldown({
  input: { main: 'dist/cli/main.js', worker: 'dist/pool/worker.js', 'tester-worker': 'dist/test-state/tester-worker.js' },
  platform: 'node',
  external: /^[^./]/,
});
await bundle.write({ dir: 'dist/bin', cleanDir: true, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' });
await bundle.close();
