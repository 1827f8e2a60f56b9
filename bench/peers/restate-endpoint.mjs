// A service of Restate's SDK with the logic by hand. Its only argument is the SDK's main file.
import { pathToFileURL } from 'node:url';
import { byHand } from '../lib/machine.mjs';

const loaded = await import(pathToFileURL(process.argv[2]).href);
const restate = loaded.default ?? loaded;
const level = restate.service({ name: 'level', handlers: { run: async (_, event) => byHand(event) } });
const port = Number(process.argv[3]);
await restate.endpoint().bind(level).listen(port);
console.log(`http://127.0.0.1:${port}`);
