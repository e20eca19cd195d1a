/**
 * How a client that knows only an older root asks the controller for a certificate under that one.
 */

/**
 * The server name (TLS SNI) that stands for a root: the first 40 hexadecimal digits of the SHA-256
 * of its key, under a name that no host has (RFC 6761).
 */
export function rootServerName(rootKeyHash: string): string {
  return `r${rootKeyHash.slice(0, 40)}.invalid`;
}
