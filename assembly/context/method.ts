/** Methods as bit numbers; they are case-sensitive (RFC 9110, section 9.1). */
import { MethodBit } from '../layout';
import { text } from '../memory/text';

const GET = text('GET');
const HEAD = text('HEAD');
const POST = text('POST');
const PUT = text('PUT');
const DELETE = text('DELETE');
const CONNECT = text('CONNECT');
const OPTIONS = text('OPTIONS');
const TRACE = text('TRACE');
const PATCH = text('PATCH');

/** The bit of a method, or MethodBit.Other. */
export function methodBit(ptr: usize, len: u32): u32 {
  switch (len) {
    case 3:
      if (GET.equals(ptr, len)) return MethodBit.GET;
      return PUT.equals(ptr, len) ? MethodBit.PUT : MethodBit.Other;
    case 4:
      if (POST.equals(ptr, len)) return MethodBit.POST;
      return HEAD.equals(ptr, len) ? MethodBit.HEAD : MethodBit.Other;
    case 5:
      if (PATCH.equals(ptr, len)) return MethodBit.PATCH;
      return TRACE.equals(ptr, len) ? MethodBit.TRACE : MethodBit.Other;
    case 6:
      return DELETE.equals(ptr, len) ? MethodBit.DELETE : MethodBit.Other;
    case 7:
      if (OPTIONS.equals(ptr, len)) return MethodBit.OPTIONS;
      return CONNECT.equals(ptr, len) ? MethodBit.CONNECT : MethodBit.Other;
    default:
      return MethodBit.Other;
  }
}
