// The bare server that bench/http.mjs compares with: what node:http and JSON alone cost. POST / answers the parsed body,
// POST /lines how many lines were JSON.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const text = Buffer.concat(chunks).toString();
    const answer = request.url === '/lines' ? { accepted: text.trimEnd().split('\n').map((line) => JSON.parse(line)).length } : JSON.parse(text);
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(answer));
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
