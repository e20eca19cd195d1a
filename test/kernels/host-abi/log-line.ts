/** Lines of the probe filter's log, put together without an allocation. */
import { LogLevel } from '../../../assembly/abi/enums';
import { log } from '../../../assembly/abi/hostcalls';
import { writeDecimal } from '../../../assembly/memory/bytes';
import { Text } from '../../../assembly/memory/text';

const LINE: usize = memory.data(512);
let lineEnd: usize = LINE;
let isQuiet: bool = false;

/** Logs nothing from now on. */
export function silence(): void {
  isQuiet = true;
}

/** Starts a line. */
export function say(name: Text): void {
  lineEnd = name.writeTo(LINE);
}

/** Adds a space and bytes; a line has room for 512. */
export function sayBytes(ptr: usize, len: u32): void {
  store<u8>(lineEnd++, 0x20);
  memory.copy(lineEnd, ptr, len);
  lineEnd += <usize>len;
}

/** Adds a space and a number. */
export function sayNumber(value: u64): void {
  store<u8>(lineEnd++, 0x20);
  lineEnd += <usize>writeDecimal(lineEnd, value);
}

/** Logs the line. */
export function endLine(): void {
  if (!isQuiet) log(LogLevel.Info, LINE, <u32>(lineEnd - LINE));
}
