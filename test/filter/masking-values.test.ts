/** Headers, cookies, parameters and segments of paths through the compiled filter, and the labels found in them. */
import { beforeEach, describe, expect, test } from 'vitest';

import { Direction } from '../../controller/layout.ts';
import {
  AUDITOR,
  CARD,
  type Header,
  JSON_TYPE,
  MASKED_CARD,
  MaskedMesh,
  valuesOf,
} from './masked-mesh.ts';
import { CHECKOUT, stateOf } from './mesh.ts';

let masked: MaskedMesh;
beforeEach(async () => {
  masked = await MaskedMesh.start();
});

const sent = (headers: Header[], path = '/orders', uri = CHECKOUT) =>
  masked.get({ headers, path }, uri).stream.forwardedRequest.headers;
const pathOf = (path: string, uri = CHECKOUT) => valuesOf(sent([], path, uri), ':path')[0];

describe('headers of requests', () => {
  test('are masked in every line, others stay', () => {
    const headers = sent([
      ['x-customer-email', 'a@example.org'],
      ['x-other', 'b@example.org'],
      ['x-customer-email', 'c@example.org'],
    ]);
    expect(valuesOf(headers, 'x-customer-email')).toEqual(['***', '***']);
    expect(valuesOf(headers, 'x-other')).toEqual(['b@example.org']);
  });

  test('go under drop', () => {
    expect(valuesOf(sent([['x-key', 'abc']]), 'x-key')).toEqual([]);
  });

  test('of a cleared caller stay', () => {
    const headers = sent([['x-customer-email', 'a@example.org']], '/orders', AUDITOR);
    expect(valuesOf(headers, 'x-customer-email')).toEqual(['a@example.org']);
  });

  test('take a replacement text, which makes no cookie of its own', async () => {
    masked = await MaskedMesh.start({
      rules: ['{ labels: [PII, Secret], operator: replace, text: "a; b=1" }'],
    });
    const headers = sent([
      ['x-customer-email', 'a@example.org'],
      ['cookie', 'session=1; theme=dark'],
    ]);
    expect(valuesOf(headers, 'x-customer-email')).toEqual(['a; b=1']);
    expect(valuesOf(headers, 'cookie')).toEqual(['session=a%3b%20b%3d1; theme=dark']);
  });
});

describe('cookies of requests', () => {
  test.each([
    ['one of several', 'theme=dark; session=abc; lang=en', 'theme=dark; session=***; lang=en'],
    ['twice', 'session=a;session=b', 'session=***;session=***'],
    ['dropped', 'a=1; key=abc; b=2', 'a=1; b=2'],
    ['with an equals sign in it', 'session=a=b=c', 'session=***'],
    ['with blanks around', ' session = abc ; a=1', ' session =***; a=1'],
    ['quoted over a semicolon', 'session="a;b"; c=1', 'session=***; c=1'],
    ['with a quote that never ends', 'session="a;b; c=1', 'session=***'],
    ['of a longer name', 'xsession=a; sessions=b', 'xsession=a; sessions=b'],
    ['a quoted one that is not masked', 'q="a; session=b', 'q="a; session=***'],
  ])('%s', (_, line, expected) => {
    expect(valuesOf(sent([['cookie', line]]), 'cookie')).toEqual([expected]);
  });

  test('in several lines, and one that becomes empty', () => {
    const lines: Header[] = [
      ['cookie', 'a=1'],
      ['cookie', 'session=x'],
      ['cookie', 'key=y'],
    ];
    expect(valuesOf(sent(lines), 'cookie')).toEqual(['a=1', 'session=***']);
  });
});

describe('queries', () => {
  test.each([
    ['by name', '/o?iban=DE89&x=1', '/o?iban=***&x=1'],
    ['by a name in escapes', '/o?%69b%61n=DE89', '/o?%69b%61n=***'],
    ['by words', '/o?I_B-AN=DE89&xiban=1', '/o?I_B-AN=***&xiban=1'],
    ['by U+017F and U+212A folded no letter too many', '/o?ib%C5%BFan=1', '/o?ib%C5%BFan=1'],
    ['repeated', '/o?iban=1&iban=2&a', '/o?iban=***&iban=***&a'],
    ['dropped, first', '/o?key=1&a=2', '/o?a=2'],
    ['dropped, last', '/o?a=2&key=1', '/o?a=2'],
    ['dropped, alone', '/o?key=1', '/o?'],
    ['behind a semicolon', '/o?a=1;iban=DE89', '/o?a=***'],
    ['a card that nobody named', `/o?n=${CARD}`, `/o?n=${MASKED_CARD}`],
    ['a card in escapes', '/o?n=4111%2D1111%2d1111+1111', '/o?n=****%2D****%2d****+1111'],
    ['a card in digits that are escaped', '/o?n=%34111111111111111', '/o?n=************1111'],
    ['a card without a name', '/o?4111111111111111', '/o?************1111'],
    ['empty pieces', '/o?&&iban=&a=%', '/o?&&iban=***&a=%'],
    ['two question marks', '/o??iban=1&iban=2', '/o??iban=1&iban=***'],
  ])('%s', (_, path, expected) => {
    expect(pathOf(path)).toBe(expected);
  });

  test('of a cleared caller go on as they came', () => {
    expect(pathOf(`/o?iban=DE89&n=${CARD}`, AUDITOR)).toBe(`/o?iban=DE89&n=${CARD}`);
  });

  test('are masked in the referer too', () => {
    const headers = sent([['referer', `https://shop/a?iban=DE89&n=${CARD}#f`]]);
    expect(valuesOf(headers, 'referer')).toEqual([`https://shop/a?iban=***&n=${MASKED_CARD}#f`]);
  });
});

describe('segments of paths', () => {
  test.each([
    ['with all below', '/customers/a@example.org/orders/7', '/customers/***/orders/7'],
    ['alone', '/customers/a@example.org', '/customers/***'],
    ['in another spelling', '/customers/a%40example%2Dorg', undefined],
    ['raw where the normal form has an escape', '/customers/ä', '/customers/***'],
    ['elsewhere', '/orders/a@example.org', '/orders/a@example.org'],
    ['with a query', '/customers/a?iban=1', '/customers/***?iban=***'],
  ])('%s', (_, path, expected) => {
    expect(pathOf(path)).toBe(expected);
  });

  test('never become empty', async () => {
    masked = await MaskedMesh.start({ rules: ['{ labels: [PII], operator: drop }'] });
    expect(pathOf('/customers/x/y')).toBe('/customers/-/y');
  });
});

describe('responses', () => {
  const received = (headers: Header[]) =>
    masked.answer(headers, true).stream.forwardedResponse.headers;

  test('have their headers and cookies masked', () => {
    const headers = received([
      ['x-customer-email', 'a@example.org'],
      ['set-cookie', 'session=abc; Path=/; HttpOnly'],
      ['set-cookie', 'theme=dark'],
      ['set-cookie', 'key=abc; Path=/'],
      ['x-key', 'k'],
    ]);
    expect(valuesOf(headers, 'x-customer-email')).toEqual(['***']);
    expect(valuesOf(headers, 'set-cookie')).toEqual([
      'session=***; Path=/; HttpOnly',
      'theme=dark',
    ]);
    expect(valuesOf(headers, 'x-key')).toEqual([]);
  });

  test('that redirect carry no card in their location', () => {
    const headers = received([
      [':status', '302'],
      ['location', `/paid?n=${CARD.replaceAll('-', '%20')}`],
    ]);
    expect(valuesOf(headers, 'location')).toEqual(['/paid?n=****%20****%20****%201111']);
  });

  test.each([
    ['location', '/paid?iban=DE89&x=1', '/paid?iban=***&x=1'],
    ['location', '/back#iban=DE89&x=1', '/back#iban=***&x=1'],
    ['location', '/paid?x=1#iban=DE89', '/paid?x=1#iban=***'],
    ['content-location', '/o?I-BAN=DE89', '/o?I-BAN=***'],
    ['refresh', '5; url=/o?a&iban=DE89', '5; url=/o?a&iban=***'],
    ['location', `/of/${CARD}?iban=DE89`, '/of/****-****-****-1111?iban=***'],
    ['location', '/plain?a=1#b', '/plain?a=1#b'],
  ])('that redirect carry no parameter with a label: %s %s', (name, came, expected) => {
    const headers = received([
      [':status', '302'],
      [name, came],
    ]);
    expect(valuesOf(headers, name)).toEqual([expected]);
  });

  test('of gRPC carry none in their message', () => {
    const headers = received([['grpc-message', 'card%204111%2d1111-1111-1111 refused']]);
    expect(valuesOf(headers, 'grpc-message')).toEqual(['card%20****%2d****-****-1111 refused']);
  });

  test('of gRPC carry no details of a status', () => {
    const headers = received([
      ['content-type', 'application/grpc'],
      ['grpc-status', '9'],
      ['grpc-status-details-bin', 'CAkaFzQxMTExMTExMTExMTExMTE'],
    ]);
    expect(valuesOf(headers, 'grpc-status')).toEqual(['9']);
    expect(valuesOf(headers, 'grpc-status-details-bin')).toEqual([]);
  });

  test('to a cleared caller stay', () => {
    const { stream } = masked.answer([['x-customer-email', 'a@b.org']], true, {}, AUDITOR);
    expect(valuesOf(stream.forwardedResponse.headers, 'x-customer-email')).toEqual(['a@b.org']);
  });
});

describe('labels', () => {
  const labelsOf = (headers: readonly [string, string][] | undefined, name = 'x-dta-labels') =>
    valuesOf(headers, name);

  test('found stand on the request in their order, whatever the caller is cleared for', () => {
    const headers: Header[] = [
      ['x-key', 'a'],
      ['x-customer-email', 'b'],
    ];
    expect(labelsOf(sent(headers))).toEqual(['PII,Secret']);
    expect(labelsOf(sent(headers, '/orders', AUDITOR))).toEqual(['PII,Secret']);
    expect(labelsOf(sent([], `/orders?n=${CARD}`))).toEqual(['PCI']);
    expect(labelsOf(sent([], '/customers/a'))).toEqual(['PII']);
    expect(labelsOf(sent([['cookie', 'session=a']]))).toEqual(['PII']);
  });

  test('that a caller claims are removed', () => {
    expect(labelsOf(sent([['x-dta-labels', 'Public']]))).toEqual([]);
    expect(labelsOf(sent([['x-dta-labels', 'Public']], '/customers/a'))).toEqual(['PII']);
  });

  test('have the header that the policy names', async () => {
    masked = await MaskedMesh.start({ labelHeader: 'x-data' });
    const headers = sent([['x-data', 'Public']], '/customers/a');
    expect(labelsOf(headers, 'x-data')).toEqual(['PII']);
    expect(labelsOf(headers)).toEqual([]);
    expect(labelsOf(sent([['x-data', 'Public']]), 'x-data')).toEqual([]);
    masked = await MaskedMesh.start({ labelHeader: 'none' });
    expect(labelsOf(sent([], '/customers/a'))).toEqual([]);
  });

  test('of the first chunk of a body join those of the headers', () => {
    const { stream } = masked.post([JSON_TYPE, ['x-key', 'a']]);
    stream.requestBody(`{"card":"${CARD}"}`, true);
    expect(labelsOf(stream.forwardedRequest.headers)).toEqual(['PCI,Secret']);
  });

  test('are in the audit record, with those of bodies', () => {
    const { stream } = masked.post([JSON_TYPE, ['x-key', 'a']]);
    stream.requestBody('{"a":1,', false);
    stream.requestBody(`"ssn":"1"}`, true);
    stream.responseHeaders([[':status', '200'], JSON_TYPE], false);
    stream.responseBody(`["${CARD}"]`, true);
    stream.end();
    // PCI, PII, Secret in the order of their names.
    expect(masked.records()).toMatchObject([
      { labels: 0b111n, maskedRequest: 2, maskedResponse: 1 },
    ]);
  });

  test('are left to the receiving side by the sending one', async () => {
    masked = await MaskedMesh.start({ direction: Direction.Outbound });
    masked.mesh.state(stateOf({ epoch: 2n, self: CHECKOUT }));
    const stream = masked.mesh.vm.stream(masked.root);
    stream.requestHeaders(
      [
        [':method', 'GET'],
        [':path', '/orders'],
        [':authority', 'orders'],
        ['x-customer-email', 'a@b.org'],
        ['x-dta-labels', 'Public'],
      ],
      true,
    );
    const { headers } = stream.forwardedRequest;
    expect(valuesOf(headers, 'x-customer-email')).toEqual(['***']);
    expect(labelsOf(headers)).toEqual([]);
  });
});

describe('paths in audit records', () => {
  const recordedPath = (path: string, uri = CHECKOUT) => {
    masked.get({ path }, uri).stream.end();
    return masked.records().map((record) => record.path);
  };

  test.each([
    ['of a caller', '/customers/a@example.org/x?iban=1', '/customers/***/x'],
    ['with a card in it', `/cards/${CARD}`, `/cards/${MASKED_CARD}`],
    ['with nothing in it', '/orders/7?x=1', '/orders/7'],
    ['that cannot be read', '/customers//a@example.org', '/***'],
  ])('are masked: %s', (_, path, expected) => {
    expect(recordedPath(path)).toEqual([expected]);
  });

  test('are masked though the caller is cleared', () => {
    expect(recordedPath('/customers/a@example.org', AUDITOR)).toEqual(['/customers/***']);
  });
});
