/**
 * `make soak-identity`: what the identity of a mesh has to hold under load and over time, on real
 * processes. `SOAK_PARTS=rotation,cuts` runs some of it. Ends with 1 when a bound is missed.
 */
import { soakAway } from './away.ts';
import { soakChurn } from './churn.ts';
import { soakCuts } from './cuts.ts';
import { soakEmpty } from './empty.ts';
import { soakRevocation } from './revocation.ts';
import { soakRotation } from './rotation.ts';
import { soakSkew } from './skew.ts';
import { Verdicts } from './verdicts.ts';

const parts: Readonly<Record<string, (verdicts: Verdicts) => Promise<void>>> = {
  rotation: soakRotation,
  revocation: soakRevocation,
  cuts: soakCuts,
  away: soakAway,
  churn: soakChurn,
  skew: soakSkew,
  empty: soakEmpty,
};

const wanted =
  process.env.SOAK_PARTS?.split(',').filter((name) => name !== '') ?? Object.keys(parts);
const unknown = wanted.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`no part ${unknown.join(', ')}: there are ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
const verdicts = new Verdicts();
let broken = 0;
for (const name of wanted) {
  const startedAt = performance.now();
  console.log(`--- ${name}`);
  try {
    await parts[name]?.(verdicts);
  } catch (error) {
    broken += 1;
    console.error(`${name} broke off:`, error);
  }
  console.log(`--- ${name}: ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
}
const { missed } = verdicts;
console.log(
  missed + broken === 0 ? 'all bounds met' : `${missed} bounds missed, ${broken} parts broken`,
);
process.exit(missed + broken === 0 ? 0 : 1);
