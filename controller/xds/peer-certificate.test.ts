import { describe, expect, it } from 'vitest';

import { readPeerCertificate } from './peer-certificate.ts';

/** Self-signed P-256 certificates, base64 of the DER; TLS would have checked the signer before. */
const certificates = {
  one: [
    'MIIBYzCCAQigAwIBAgIUGhQWhVMYhNKvm0XqFrtFG2fuMcgwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBdDAgFw0yNj',
    'ExMjIxODE0MDRaGA8yMTI2MTAyOTE4MTQwNFowDDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA',
    'BN8QHI727FMOCdw1H/wNKZslhs07RVZAAGDbhMYBSYVLtR0VreZc1CtsJjl+hBsgxsmBcj4cNg17pcaVoyKCLyKjRj',
    'BEMCMGA1UdEQQcMBqGEHNwaWZmZTovL20vZW52L2GCBm9yZGVyczAdBgNVHQ4EFgQUOVR0V/pKlvACWy94E5GLLDsP',
    'qdQwCgYIKoZIzj0EAwIDSQAwRgIhAKJULibOI4FpUsdys/+eFOdjtMtUC8O4s7ckBlujBil0AiEAtyImCjHo80Epro',
    '/t7yIspigdSMUstNDNtaZpabjL5LY=',
  ].join(''),
  two: [
    'MIIBZDCCAQqgAwIBAgIUIVdOXwEG6d/dFtQwtoSM9qyclsswCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBdDAgFw0yNj',
    'ExMjIxODE0MDRaGA8yMTI2MTAyOTE4MTQwNFowDDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA',
    'BF9o+5Im9g4/zwv4IJv54I9pEJ/wojlzsm4oZMq+o8/yVmn6pJzMRbE8aaPNhN62m2Xw+VeQZ6hCKa/TdZ97Bz6jSD',
    'BGMCUGA1UdEQQeMByGDHNwaWZmZTovL20vYYYMc3BpZmZlOi8vbS9iMB0GA1UdDgQWBBRY4q1zGSapE07a5Pi7FkgY',
    '0NALlTAKBggqhkjOPQQDAgNIADBFAiAsPc66Wh6Cr/k7VrySC/u23CCMUF9rwRQbsEEte2QisQIhAP4mRWAaoIe/gv',
    'WD40m4eb4ZmNT/T2EPJ9MxKAGc97Bh',
  ].join(''),
  comma: [
    'MIIBZzCCAQ6gAwIBAgIUBttIxa97zrQnCzBjudYCj1rFtVswCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBdDAgFw0yNj',
    'ExMjIxODE0MDRaGA8yMTI2MTAyOTE4MTQwNFowDDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA',
    'BO8OldHTGFFUDpnBSTXq+MDc6Vl6JruSvrQf9lTJmjRUOV8uJbVI2/tLxTgiRq75+RnDH/Iz1GPMIg4cx+repCCjTD',
    'BKMCkGA1UdEQQiMCCGHnNwaWZmZTovL20vYSwgVVJJOnNwaWZmZTovL20vYjAdBgNVHQ4EFgQUF6MxxRaO4QUVW9Zz',
    '5ZKdzGCFhOgwCgYIKoZIzj0EAwIDRwAwRAIgSOSLRPGP84HrW1dAGROIAAqgIUF5Ws3IG72+UE/jCwECIE4bAJ+IQc',
    'DT4C9d1LEaJlGHvfSV3Kkd+ykFvAx6x48r',
  ].join(''),
  nul: [
    'MIIBVjCB/qADAgECAhQ+DUAtXYAd2WJuogyIq8+Y7shbiDAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAF0MCAXDTI2MT',
    'EyMjE4MTQwNFoYDzIxMjYxMDI5MTgxNDA0WjAMMQowCAYDVQQDDAF0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE',
    'hQXrKWrHbBHphu7nlpzEHqm2u6gKs60FPRLC5uSZkSjQdocrwH8Rjr/RLAOOD0wq1+vpvP6GwiQsHbDFI9mw76M8MD',
    'owGQYDVR0RBBIwEIYOc3BpZmZlOi8vbS9hAGIwHQYDVR0OBBYEFAxCXbRAVETUi13q7TbZjmHviZZtMAoGCCqGSM49',
    'BAMCA0cAMEQCIBfqo3MX5DLzzjCvpYhe+InhRvBpIuzlAIKcukLWoSOzAiANheA0Bs3J1XFNBwdb2GL5opX1iIzJeW',
    '6+IRtXlg5tuQ==',
  ].join(''),
  none: [
    'MIIBTjCB9qADAgECAhRUWJckg9U55VaWK0HlU0e4K9ZNCjAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAF0MCAXDTI2MT',
    'EyMjE4MTQwNFoYDzIxMjYxMDI5MTgxNDA0WjAMMQowCAYDVQQDDAF0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE',
    '/FXrwL1D/hmScxSYcBt0bzmfuFJwbfSZ4W0xsX1+XqueTIX5nQ8khl66aRzJXzJlNehfJAQcd2SW/TFAq3q2KqM0MD',
    'IwEQYDVR0RBAowCIIGb3JkZXJzMB0GA1UdDgQWBBS2W97VIEgXO62iGmn7mB5rc7cJnjAKBggqhkjOPQQDAgNHADBE',
    'AiA8p2uIz8P9lBzX6sldOccSNPepusSSJc6asim7AxRRigIgdPH0MUp7a6nyPMbteHANZ9pffu/WXw4imwgEMcb8yF',
    'U=',
  ].join(''),
};

describe('readPeerCertificate', () => {
  it('reads the one URI SAN beside other names', () => {
    const der = Buffer.from(certificates.one, 'base64');
    expect(readPeerCertificate(der)).toMatchObject({ uri: 'spiffe://m/env/a' });
    expect(readPeerCertificate(der)?.notAfterMs).toBeGreaterThan(Date.UTC(2100));
  });

  it.each(['two', 'comma', 'nul', 'none'] as const)('refuses the certificate with %s', (name) => {
    expect(readPeerCertificate(Buffer.from(certificates[name], 'base64'))).toBeUndefined();
  });
});
