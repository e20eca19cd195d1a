/** The options of a command line that describe a message. */
import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';

import { DtaError } from '../../errors.ts';
import type { HeaderLines, Message } from './message.ts';

/** What commander makes of the options. */
export interface MessageOptions {
  readonly direction: 'request' | 'response' | 'outbound';
  readonly body: string;
  readonly contentType?: string;
  readonly status: number;
  readonly responseHeader?: HeaderLines;
  readonly chunk: number;
}

/** Options for a body and what is sent with it. */
export function messageOptions(): Option[] {
  return [
    new Option(
      '--direction <way>',
      'what is masked: a request, a response, or a request on its way out',
    )
      .choices(['request', 'response', 'outbound'])
      .default('request'),
    new Option('--body <file>', '`-` for standard input, `none` for no body').default('-'),
    new Option('--content-type <type>', 'of the body; default by the name of the file, or JSON'),
    new Option('--status <code>', 'of the response').argParser(parseStatus).default(200),
    new Option('--response-header <line>', "'name: value'; again for further lines").argParser(
      responseHeader,
    ),
    new Option('--chunk <bytes>', 'how many bytes come at once')
      .argParser(parseChunk)
      .default(0, 'all'),
  ];
}

/** The message; reads its body. Throws DtaError `notFound`. `typeOf` tells the type of a file. */
export function messageFromOptions(
  options: MessageOptions,
  typeOf: (name: string) => string,
): Message {
  const { body, direction, status, responseHeader: headers = [], chunk } = options;
  const hasBody = body !== 'none';
  return {
    side: direction === 'response' ? 'response' : 'request',
    body: hasBody ? readBody(body) : undefined,
    contentType: options.contentType ?? (hasBody ? typeOf(body) : undefined),
    status,
    responseHeaders: headers,
    chunkBytes: chunk,
  };
}

function readBody(name: string): Uint8Array {
  try {
    return readFileSync(name === '-' ? 0 : name);
  } catch (cause) {
    throw new DtaError('notFound', `\`${name}\` cannot be read`, {
      help: 'name a file with a body, or `-` for standard input',
      cause,
    });
  }
}

function responseHeader(line: string, before: HeaderLines = []): HeaderLines {
  const [, name, text] = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):\s*(.*?)\s*$/.exec(line) ?? [];
  if (name === undefined || text === undefined) {
    throw new InvalidArgumentError("expected 'name: value'");
  }
  return [...before, [name.toLowerCase(), text]];
}

function parseStatus(text: string): number {
  if (/^[1-5]\d\d$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a status from 100 to 599');
}

function parseChunk(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number of bytes from 1');
}
