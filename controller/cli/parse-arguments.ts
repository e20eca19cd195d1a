/** Parsers for option values; each says what it expected. */
import { InvalidArgumentError } from 'commander';

/** A port, 0 for a free one. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError('expected a port from 0 to 65535');
  return port;
}

/** `<name>=<value>`, collected. */
export function collectLabel(
  text: string,
  labels: Record<string, string> = {},
): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError('expected <name>=<value>');
  }
  return { ...labels, [name]: value };
}

/** A duration such as `90s`, `30m`, `24h`, in milliseconds. */
export function parseDuration(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000 }[unit ?? ''];
  if (count === undefined || unitMs === undefined) {
    throw new InvalidArgumentError('expected a number with s, m or h, for example 30m');
  }
  return Number(count) * unitMs;
}

/** A number that is not negative, as `2.5`. */
export function parseAmount(text: string): number {
  const amount = /^\d{1,10}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(amount)) throw new InvalidArgumentError('expected a number, for example 2.5');
  return amount;
}

/** A whole number that is not negative. */
export function parseCount(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

/** `<host>:<port>`; IPv6 addresses in brackets. */
export function parseAddress(text: string): { address: string; port: number } {
  const [, host, port] = /^(\[[0-9a-f:]+\]|[^:]+):(\d{1,5})$/i.exec(text) ?? [];
  if (host === undefined || port === undefined)
    throw new InvalidArgumentError('expected <host>:<port>');
  return { address: host.replace(/^\[|\]$/g, ''), port: parsePort(port) };
}
