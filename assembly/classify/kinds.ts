/** The value detectors by number; they stand in bundles, so a number is never used again. */

/** What a detector looks for. Bit `1 << kind` of a set of kinds. */
export const enum DetectorKind {
  /** payment card, ISO/IEC 7812 */
  Card = 1,
  /** bank account, ISO 13616 */
  Iban = 2,
  /** mail address, RFC 5321 */
  Email = 3,
  /** telephone number, E.164, or national behind a word that says so */
  Phone = 4,
  /** social security number of the United States */
  Ssn = 5,
  Ipv4 = 6,
  /** RFC 4291 */
  Ipv6 = 7,
  /** EUI-48 */
  Mac = 8,
  /** JSON Web Token, RFC 7519 */
  Jwt = 9,
  /** keys and tokens with a known prefix */
  ApiKey = 10,
  /** private key in PEM, RFC 7468 */
  PrivateKey = 11,
  /** long run of random looking characters */
  Secret = 12,
  /** Brazil, cadastro de pessoas físicas */
  BrCpf = 16,
  /** China, resident identity number (GB 11643) */
  CnResident = 17,
  /** Spain, DNI and NIE */
  EsDni = 18,
  /** France, numéro d'inscription au répertoire */
  FrNir = 19,
  /** Italy, codice fiscale of a person */
  ItCodiceFiscale = 20,
  /** Poland */
  PlPesel = 21,
  /** Netherlands, burgerservicenummer */
  NlBsn = 22,
  /** Sweden, personnummer and samordningsnummer */
  SePersonnummer = 23,
  /** Finland, henkilötunnus */
  FiHetu = 24,
  /** India */
  InAadhaar = 25,
  /** Türkiye, T.C. kimlik numarası */
  TrKimlik = 26,
  /** South Africa */
  ZaId = 27,
  /** South Korea, resident registration number */
  KrRrn = 28,
  /** Germany, steuerliche Identifikationsnummer */
  DeSteuerId = 29,
  /** Belgium, rijksregisternummer */
  BeRijksregister = 30,
  /** England, NHS number */
  GbNhs = 31,
  /** Australia, tax file number */
  AuTfn = 32,
  /** Canada, social insurance number */
  CaSin = 33,
  /** Singapore, NRIC and FIN */
  SgNric = 34,
  /** Norway, fødselsnummer and D-number */
  NoFodselsnummer = 35,
  /** the first of eight patterns of the user; the others follow */
  Pattern0 = 56,
  Pattern7 = 63,
}

/** The bit of a kind in a set of kinds. */
// @ts-ignore: decorator
@inline
export function kindBit(kind: u32): u64 {
  return u64(1) << u64(kind);
}
