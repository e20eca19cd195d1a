/** Names of fields that often hold personal data or secrets, by kind. The filter compares them, with words joined. */
import { dateOfBirthNames } from '../../policy/kinds/detectors.ts';

/** Names by the kind of data that they hint at: in lower case, without what separates words. */
export const knownNames: Readonly<Record<string, readonly string[]>> = {
  card: [
    ...['card', 'cardno', 'cardnr', 'cardnum', 'cardnumber', 'cardpan', 'pan', 'ccnumber', 'ccnum'],
    ...['creditcard', 'creditcardnumber', 'debitcard', 'cvv', 'cvv2', 'cvc', 'cvc2'],
    ...['kartennummer', 'kreditkarte'],
  ],
  iban: [
    ...['iban', 'accountiban', 'bankaccount', 'bankaccountnumber', 'accountnumber', 'accountno'],
    ...['routingnumber', 'sortcode', 'bic', 'swift', 'kontonummer'],
  ],
  email: [
    ...[
      'email',
      'mail',
      'emailaddress',
      'mailaddress',
      'useremail',
      'customeremail',
      'contactemail',
    ],
    ...['emailaddr', 'replyto', 'billingemail', 'correo', 'correoelectronico'],
  ],
  phone: [
    ...['phone', 'phonenumber', 'phoneno', 'telephone', 'telephonenumber', 'tel', 'mobile'],
    ...[
      'mobilenumber',
      'mobilephone',
      'cellphone',
      'cell',
      'fax',
      'msisdn',
      'homephone',
      'workphone',
    ],
    ...['contactnumber', 'telefon', 'telefonnummer', 'handy', 'telefono'],
  ],
  ssn: ['ssn', 'socialsecurity', 'socialsecuritynumber', 'socialsecurityno', 'itin', 'ein'],
  'national-id': [
    ...['nationalid', 'nationalidnumber', 'nationalinsurancenumber', 'nino', 'nhsnumber', 'taxid'],
    ...[
      'taxnumber',
      'tin',
      'steuerid',
      'steuernummer',
      'personnummer',
      'fodselsnummer',
      'bsn',
      'pesel',
    ],
    ...['aadhaar', 'aadhaarnumber', 'cpf', 'curp', 'dni', 'nie', 'codicefiscale', 'passport'],
    ...[
      'passportnumber',
      'passportno',
      'driverslicense',
      'driverlicense',
      'licensenumber',
      'idcard',
    ],
  ],
  'date-of-birth': dateOfBirthNames,
  address: [
    ...['address', 'addressline', 'addressline1', 'addressline2', 'address1', 'address2', 'street'],
    ...['streetaddress', 'streetname', 'housenumber', 'postcode', 'postalcode', 'zip', 'zipcode'],
    ...[
      'homeaddress',
      'billingaddress',
      'shippingaddress',
      'strasse',
      'plz',
      'anschrift',
      'direccion',
    ],
  ],
  name: [
    ...['firstname', 'lastname', 'fullname', 'surname', 'givenname', 'familyname', 'middlename'],
    ...['maidenname', 'customername', 'username', 'displayname', 'cardholder', 'cardholdername'],
    ...['nameoncard', 'accountholder', 'patientname', 'contactname', 'recipientname', 'name'],
    ...['vorname', 'nachname', 'nom', 'prenom', 'nombre', 'apellido', 'cognome'],
  ],
  secret: [
    ...['password', 'passwd', 'pwd', 'passphrase', 'secret', 'clientsecret', 'apikey', 'apisecret'],
    ...[
      'accesstoken',
      'refreshtoken',
      'idtoken',
      'authtoken',
      'sessiontoken',
      'sessionid',
      'token',
    ],
    ...['privatekey', 'secretkey', 'accesskey', 'pin', 'otp', 'securityanswer', 'passwort'],
  ],
};
