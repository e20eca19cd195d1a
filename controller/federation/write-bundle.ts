/** Writes our own SPIFFE trust bundle ("SPIFFE Trust Domain and Bundle", section 4). */
import { X509Certificate } from 'node:crypto';

/** What a bundle says. */
export interface BundleContent {
  /** Every trusted root, PEM. */
  readonly rootPem: string;
  /** Rises with every change of the roots. */
  readonly sequence: number;
  readonly refreshHintSeconds: number;
}

/** The document, JSON. */
export function writeBundle({ rootPem, sequence, refreshHintSeconds }: BundleContent): string {
  const blocks = rootPem.match(certificateBlock) ?? [];
  const keys = blocks.map((block) => {
    const certificate = new X509Certificate(block);
    return {
      use: 'x509-svid',
      ...certificate.publicKey.export({ format: 'jwk' }),
      x5c: [certificate.raw.toString('base64')],
    };
  });
  const document = {
    keys,
    spiffe_sequence: sequence,
    spiffe_refresh_hint: refreshHintSeconds,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** How soon others are asked to look again; whoever rotates waits for longer between `prepare` and `activate`. */
export const OWN_REFRESH_HINT_SECONDS = 300;

const certificateBlock = /-{5}BEGIN CERTIFICATE-{5}[^-]+-{5}END CERTIFICATE-{5}/g;
