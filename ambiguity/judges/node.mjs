// What postal-mime or mailparser shows of each message: node node.mjs postal-mime|mailparser MODULES FILE... A line of
// JSON for each file.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [judge, modules, ...files] = process.argv.slice(2);
const load = createRequire(`${modules}/`);

function digest(content) {
  let bytes = Buffer.from(content ?? '');
  while (bytes.length && (bytes.at(-1) === 10 || bytes.at(-1) === 13)) bytes = bytes.subarray(0, -1);
  return createHash('sha256').update(bytes).digest('hex');
}

async function postal(raw, depth = 0) {
  const { default: PostalMime } = load('postal-mime');
  const mail = await PostalMime.parse(raw, { attachmentEncoding: 'arraybuffer' });
  const found = [mail.text, mail.html].filter(Boolean).map((text) => [digest(text), null]);
  for (const it of mail.attachments) {
    found.push([digest(it.content), it.filename ?? null]);
    if (it.mimeType === 'message/rfc822' && depth < 9) found.push(...(await postal(Buffer.from(it.content), depth + 1)));
  }
  return found;
}

async function parser(raw, depth = 0) {
  const { simpleParser } = load('mailparser');
  const mail = await simpleParser(raw, { skipTextToHtml: true, skipImageLinks: true });
  const found = [mail.text, mail.html].filter(Boolean).map((text) => [digest(text), null]);
  for (const it of mail.attachments) {
    found.push([digest(it.content), it.filename ?? null]);
    if (it.contentType === 'message/rfc822' && depth < 9) found.push(...(await parser(it.content, depth + 1)));
  }
  return found;
}

for (const file of files) {
  let parts = [];
  try {
    parts = await (judge === 'postal-mime' ? postal : parser)(readFileSync(file));
  } catch {
    // It shows nothing.
  }
  console.log(JSON.stringify({ file, parts }));
}
