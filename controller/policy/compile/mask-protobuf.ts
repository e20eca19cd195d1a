/** Records of a mask blob for gRPC methods and the protobuf messages that they take or answer. */
import { MaskField, MaskMessage, MaskMethod, NONE } from '../../layout.ts';
import { Records, type StringTable } from '../../section-file.ts';
import type { GrpcMethod } from '../descriptors/descriptor-set.ts';
import type { MaskRules } from './mask-rules.ts';
import { buildMessages, type MaskedMessage, type ProtobufPlan } from './protobuf-messages.ts';
import { shapeOf } from './protobuf-shapes.ts';

/** The tables of protobuf. */
export interface ProtobufTables {
  readonly methods: Records;
  readonly messages: Records;
  readonly fields: Records;
}

/** A method with the message of the direction that is compiled. */
export type MaskedMethod = Pick<GrpcMethod, 'path' | 'isStreamed'> & {
  readonly message: GrpcMethod['input'];
};

/** Writes the tables; all masks were added to `rules`. Throws DtaError when there are too many places. */
export function writeProtobuf(
  methods: readonly MaskedMethod[],
  plan: ProtobufPlan,
  rules: MaskRules,
  strings: StringTable,
): ProtobufTables {
  const built = buildMessages(
    plan,
    methods.map(({ message }) => shapeOf(message)),
  );
  const writer = new MessageWriter(rules);
  const anyMessage: MaskedMessage = { fields: [] };
  const records = new Records(MaskMethod.SIZE);
  for (const { path, message, isStreamed } of methods) {
    // Where detectors look, they look into what no descriptor names, too: such a message is read, with no field known.
    const known =
      built.get(message.typeName) ?? (plan.detectors.length > 0 ? anyMessage : undefined);
    const index = writer.indexOf(known);
    records.add((view, at) => {
      strings.put(view, at + MaskMethod.path, path);
      view.setUint32(at + MaskMethod.message, index, true);
      view.setUint32(at + MaskMethod.isStreamed, isStreamed ? 1 : 0, true);
    });
  }
  return { methods: records, ...writer.finish() };
}

// Numbers messages when they are first named, and writes them in that order, so that fields follow each other.
class MessageWriter {
  readonly #rules: MaskRules;
  readonly #indexes = new Map<MaskedMessage, number>();

  constructor(rules: MaskRules) {
    this.#rules = rules;
  }

  indexOf(message: MaskedMessage | undefined): number {
    if (message === undefined) return NONE;
    const index = this.#indexes.get(message) ?? this.#indexes.size;
    this.#indexes.set(message, index);
    return index;
  }

  finish(): Pick<ProtobufTables, 'messages' | 'fields'> {
    const messages = new Records(MaskMessage.SIZE);
    const fields = new Records(MaskField.SIZE);
    // Writing a message may name others, which the loop then comes to.
    for (const message of this.#indexes.keys()) {
      const start = fields.count;
      for (const field of message.fields) {
        const inner = this.indexOf(field.message);
        const fieldRules = field.masks.map((mask) => this.#rules.indexOf(mask));
        for (const rule of fieldRules.length === 0 ? [NONE] : fieldRules) {
          fields.add((view, at) => {
            view.setUint32(at + MaskField.number, field.number, true);
            view.setUint32(at + MaskField.kind, field.kind, true);
            view.setUint32(at + MaskField.rule, rule, true);
            view.setUint32(at + MaskField.message, inner, true);
          });
        }
      }
      messages.add((view, at) => {
        view.setUint32(at + MaskMessage.fieldStart, start, true);
        view.setUint32(at + MaskMessage.fieldCount, fields.count - start, true);
      });
    }
    return { messages, fields };
  }
}
