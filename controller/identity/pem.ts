/** PEM texts (RFC 7468) with several blocks. */

/** Every certificate of a text, each as PEM of its own with a final line break; other blocks and words between them are left out. */
export function splitPem(text: string): string[] {
  return Array.from(text.matchAll(certificateBlock), ([block]) => `${block}\n`);
}

const certificateBlock = /-{5}BEGIN CERTIFICATE-{5}[^-]+-{5}END CERTIFICATE-{5}/g;

/** One block of a PEM text. */
export interface PemBlock {
  /** `CERTIFICATE`, `X509 CRL`, ... */
  readonly label: string;
  readonly der: Buffer;
}

/** Every block of a text, in its order; what is between them is left out. */
export function readPemBlocks(text: string): PemBlock[] {
  return Array.from(text.matchAll(anyBlock), ([, label = '', base64 = '']) => ({
    label,
    der: Buffer.from(base64, 'base64'),
  }));
}

const anyBlock = /-{5}BEGIN ([A-Z0-9 ]{1,64})-{5}([^-]*)-{5}END \1-{5}/g;
