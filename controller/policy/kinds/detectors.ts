/** Names of the detectors in policies, and what they stand for. */
import { DetectorKind } from '../../layout.ts';

/** Detectors of one kind of value each, by their names in policies. */
export const detectorKinds = {
  card: DetectorKind.Card,
  iban: DetectorKind.Iban,
  email: DetectorKind.Email,
  phone: DetectorKind.Phone,
  ssn: DetectorKind.Ssn,
  ipv4: DetectorKind.Ipv4,
  ipv6: DetectorKind.Ipv6,
  mac: DetectorKind.Mac,
  jwt: DetectorKind.Jwt,
  'api-key': DetectorKind.ApiKey,
  'private-key': DetectorKind.PrivateKey,
  secret: DetectorKind.Secret,
} as const;

/** National numbers of the detector `national-id`, by country (ISO 3166-1). */
export const nationalIds = {
  AU: DetectorKind.AuTfn,
  BE: DetectorKind.BeRijksregister,
  BR: DetectorKind.BrCpf,
  CA: DetectorKind.CaSin,
  CN: DetectorKind.CnResident,
  DE: DetectorKind.DeSteuerId,
  ES: DetectorKind.EsDni,
  FI: DetectorKind.FiHetu,
  FR: DetectorKind.FrNir,
  GB: DetectorKind.GbNhs,
  IN: DetectorKind.InAadhaar,
  IT: DetectorKind.ItCodiceFiscale,
  KR: DetectorKind.KrRrn,
  NL: DetectorKind.NlBsn,
  NO: DetectorKind.NoFodselsnummer,
  PL: DetectorKind.PlPesel,
  SE: DetectorKind.SePersonnummer,
  SG: DetectorKind.SgNric,
  TR: DetectorKind.TrKimlik,
  ZA: DetectorKind.ZaId,
} as const;

/** A country with a national number that is detected. */
export type Country = keyof typeof nationalIds;

/**
 * Names of fields that hold a date of birth, for the detector `date-of-birth`: a date alone does not tell. Compared without
 * case and without what separates words.
 */
export const dateOfBirthNames = [
  'dob',
  'dateofbirth',
  'birthdate',
  'birthday',
  'birthdt',
  'birthdateiso',
  'dateborn',
  'borndate',
  'bornon',
  'patientdob',
  'customerdob',
  'geburtsdatum',
  'geburtstag',
  'gebdatum',
  'geboortedatum',
  'datenaissance',
  'datedenaissance',
  'fechanacimiento',
  'fechadenacimiento',
  'datanascimento',
  'datadenascimento',
  'datanascita',
  'datadinascita',
  'dataurodzenia',
  'dogumtarihi',
  'syntymaaika',
  'fodelsedatum',
  'fodselsdato',
] as const;
