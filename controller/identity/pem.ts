/** PEM texts (RFC 7468) with several blocks. */

/** Every certificate of a text, each as PEM of its own with a final line break; other blocks and words between them are left out. */
export function splitPem(text: string): string[] {
  return Array.from(text.matchAll(certificateBlock), ([block]) => `${block}\n`);
}

const certificateBlock = /-{5}BEGIN CERTIFICATE-{5}[^-]+-{5}END CERTIFICATE-{5}/g;
