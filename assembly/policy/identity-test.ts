/** Tests on an identity: two-valued, also where a label is absent, which equals nothing and starts and ends with nothing. */
import { IdentityAttribute, IdentityTest, TestOp } from '../layout';
import { endsWith, equalBytes, startsWith } from '../memory/bytes';
import { Bundle, strLen, strPtr } from './bundle';
import { Identity } from './identity';

let valuePtr: usize = 0;
let valueLen: u32 = 0;

/** Whether an identity passes the test with this index. */
export function passesTest(bundle: Bundle, identity: Identity, index: u32): bool {
  const test = bundle.tests + <usize>index * IdentityTest.SIZE;
  const isThere = readAttribute(bundle, identity, test);
  switch (<u32>load<u8>(test, IdentityTest.op)) {
    case TestOp.Equal:
    case TestOp.Prefix:
    case TestOp.Suffix:
    case TestOp.SameAsDestination:
    case TestOp.Present:
      return isThere && compares(bundle, test);
    default:
      return !isThere || !compares(bundle, test);
  }
}

/** The comparison of a test, or of the one that it negates, with an attribute that is there. */
function compares(bundle: Bundle, test: usize): bool {
  const operand = strPtr(bundle, test + IdentityTest.value);
  const operandLen = strLen(test + IdentityTest.value);
  switch (<u32>load<u8>(test, IdentityTest.op)) {
    case TestOp.Equal:
    case TestOp.NotEqual:
      return equalBytes(valuePtr, valueLen, operand, operandLen);
    case TestOp.Prefix:
    case TestOp.NotPrefix:
      return startsWith(valuePtr, valueLen, operand, operandLen);
    case TestOp.Suffix:
    case TestOp.NotSuffix:
      return endsWith(valuePtr, valueLen, operand, operandLen);
    case TestOp.SameAsDestination:
    case TestOp.NotSameAsDestination:
      return equalBytes(valuePtr, valueLen, bundle.environment, bundle.environmentLen);
    default:
      return true;
  }
}

function readAttribute(bundle: Bundle, identity: Identity, test: usize): bool {
  switch (<u32>load<u8>(test, IdentityTest.attribute)) {
    case IdentityAttribute.Service:
      return setValue(identity.service, identity.serviceLen);
    case IdentityAttribute.Team:
      return setValue(identity.team, identity.teamLen);
    case IdentityAttribute.Environment:
      return setValue(identity.environment, identity.environmentLen);
    case IdentityAttribute.Domain:
      return setValue(identity.domain, identity.domainLen);
    case IdentityAttribute.Instance:
      return setValue(identity.instance, identity.instanceLen);
    default:
      return readLabel(bundle, identity, test);
  }
}

function readLabel(bundle: Bundle, identity: Identity, test: usize): bool {
  const name = strPtr(bundle, test + IdentityTest.label);
  const nameLen = <u32>load<u16>(test, IdentityTest.labelLen);
  for (let i: u32 = 0; i < identity.labelCount; i++) {
    const label = identity.labels + ((<usize>i) << 4);
    if (equalBytes(load<u32>(label), load<u32>(label, 4), name, nameLen)) {
      return setValue(load<u32>(label, 8), load<u32>(label, 12));
    }
  }
  return false;
}

function setValue(ptr: usize, len: u32): bool {
  valuePtr = ptr;
  valueLen = len;
  return true;
}
