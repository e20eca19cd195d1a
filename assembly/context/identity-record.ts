/** Makes the identity of a certificate as a bundle sees it, once per certificate. */
import { dataLen, dataPtr, readProperty } from '../abi/hostcalls';
import { Reason } from '../layout';
import { blockAlloc } from '../memory/block';
import { equalBytes } from '../memory/bytes';
import { text } from '../memory/text';
import { Bundle } from '../policy/bundle';
import { isFederated } from '../policy/federated-domains';
import {
  DIGEST_DIGITS,
  IDENTITY_LABELS_MAX,
  Identity,
  freeIdentity,
  writeServiceKey,
} from '../policy/identity';
import { digitsOf, keepIdentity } from '../policy/identity-table';
import { matchSelectors } from '../policy/match-selectors';
import { State } from '../policy/state';
import { IDENTITY_TEXT_MAX, parseIdentity } from './spiffe-id';
import { SUBJECT_TEXT_MAX, parseLabels } from './subject';

const PEER_URI = text('connection\0uri_san_peer_certificate');
const PEER_SUBJECT = text('connection\0subject_peer_certificate');
const LABELS_BYTES: usize = (<usize>IDENTITY_LABELS_MAX) << 4;

/**
 * Identity of the peer whose certificate has this 32-byte digest, which was read from `digits`: reads two properties and
 * keeps the result in the bundle's table, whatever it says. 0 when there is no room.
 */
export function makePeerIdentity(bundle: Bundle, digest: usize, digits: usize): usize {
  // INVARIANT: both results live in the arena until the callback returns.
  readProperty(PEER_URI.ptr, PEER_URI.len);
  const uri = dataPtr;
  const uriLen = dataLen;
  readProperty(PEER_SUBJECT.ptr, PEER_SUBJECT.len);
  const made = makeIdentity(bundle, digest, uri, uriLen, dataPtr, dataLen);
  if (made != 0) memory.copy(digitsOf(made), digits, DIGEST_DIGITS);
  return made;
}

/** The proxy's own identity, for the outbound side: as the controller, which saw its certificate, wrote it into the state. */
export function makeOwnIdentity(bundle: Bundle, state: State, digest: usize): usize {
  const subject = state.selfSubject;
  return makeIdentity(bundle, digest, state.self, state.selfLen, subject, state.selfSubjectLen);
}

function makeIdentity(
  bundle: Bundle,
  digest: usize,
  uri: usize,
  uriLen: u32,
  subject: usize,
  subjectLen: u32,
): usize {
  const isReadable = uriLen <= IDENTITY_TEXT_MAX && subjectLen <= SUBJECT_TEXT_MAX;
  const texts = isReadable ? <usize>uriLen * 2 + subjectLen : 0;
  const size = offsetof<Identity>() + DIGEST_DIGITS + LABELS_BYTES + texts;
  const block = blockAlloc(size);
  if (block == 0) return 0;
  memory.fill(block, 0, size);
  memory.copy(block, digest, 32);
  const identity = changetype<Identity>(block);
  identity.labels = digitsOf(block) + DIGEST_DIGITS;
  identity.text = identity.labels + LABELS_BYTES;
  identity.status = Reason.IdentityMalformed;
  if (isReadable) {
    identity.textLen = uriLen;
    memory.copy(identity.text, uri, uriLen);
    const subjectCopy = identity.text + uriLen;
    memory.copy(subjectCopy, subject, subjectLen);
    judge(bundle, identity, subjectCopy, subjectLen);
  }
  if (identity.status == Reason.Permitted && !matchSelectors(bundle, identity)) {
    freeIdentity(block);
    return 0;
  }
  bundle.identitySerial += 1;
  identity.serial = bundle.identitySerial;
  keepIdentity(bundle, block);
  return block;
}

function judge(bundle: Bundle, identity: Identity, subject: usize, subjectLen: u32): void {
  if (!parseIdentity(identity, identity.text, identity.textLen)) return;
  identity.isForeign = !equalBytes(
    identity.domain,
    identity.domainLen,
    bundle.mesh,
    bundle.meshLen,
  );
  if (identity.isForeign && !isFederated(bundle, identity.domain, identity.domainLen)) {
    identity.status = Reason.UnknownTrustDomain;
    return;
  }
  if (!parseLabels(identity, subject, subjectLen)) return;
  // INVARIANT: the block has room for the URI once again behind the subject.
  identity.subject = subject + subjectLen;
  identity.subjectLen = writeServiceKey(identity, identity.isForeign, identity.subject);
  identity.status = Reason.Permitted;
}
