/** The module's exports, nothing else. */
import './abi/abort';
export * from './abi/callbacks';
