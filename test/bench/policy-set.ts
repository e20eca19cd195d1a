/** Big policy sets as operators would write them: one file and policy for every thousand rules, each with its own caller. */
import type { PolicyFile } from '../../controller/policy/yaml-file.ts';

/** The destination of all rules, in the environment `prod`. */
export const BENCH_SERVICE = 'orders';
/** Wednesday noon, UTC: within the windows of all rules. */
export const BENCH_NOW_MS = Date.UTC(2026, 10, 25, 12);

/**
 * So many rules, each with a caller, a path and a condition of its own. Rule `i` lets `caller-<i>` of the team of
 * `benchTeam` read `/resource-<i>/<anything>` while its CPU is at most 0.01; some say more, and one in fifty denies what
 * nobody asks for.
 */
export function bigPolicySet(ruleCount: number): PolicyFile[] {
  const files: PolicyFile[] = [];
  for (let first = 0; first < ruleCount; first += RULES_PER_FILE) {
    const last = Math.min(ruleCount, first + RULES_PER_FILE);
    const rules = Array.from({ length: last - first }, (_, i) => ruleText(first + i));
    const name = `orders-${String(first / RULES_PER_FILE).padStart(3, '0')}`;
    files.push({ name: `${name}.yaml`, text: policyText(name, rules) });
  }
  return files;
}

/** True for the rules that deny. */
export function isDenying(index: number): boolean {
  return index % 50 === 49;
}

/** The team of a caller. */
export function benchTeam(index: number): string {
  return `team-${index % 40}`;
}

function policyText(name: string, rules: readonly string[]): string {
  return `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: ${name} }
spec:
  destination: { service: ${BENCH_SERVICE}, environment: prod }
  rules:
${rules.join('')}`;
}

function ruleText(index: number): string {
  const deny = isDenying(index);
  const { from, to } = shapes[index % shapes.length] ?? plain;
  const path = deny ? `/resource-${index}/{id}/purge` : `/resource-${index}/{id}`;
  return `    - name: caller-${index}-${deny ? 'purges' : 'reads'}
      effect: ${deny ? 'deny' : 'allow'}
      from: [{ service: caller-${index}, environment: same${from(index)} }]
      to: [{ methods: [GET, POST], paths: ["${path}"]${to(index)} }]
      when: source.cpu < ${cpuOf(index)} && within(request.time, "${windowOf(index)}", "Europe/Paris")
`;
}

interface Shape {
  readonly from: (index: number) => string;
  readonly to: (index: number) => string;
}

const nothing = (): string => '';
const plain: Shape = { from: nothing, to: nothing };
const shapes: readonly Shape[] = [
  plain,
  { from: (index) => `, team: ${benchTeam(index)}`, to: nothing },
  plain,
  { from: nothing, to: () => ', headers: { x-tenant: [north, "south-*"] }' },
  plain,
  { from: () => ', notLabels: { tier: quarantine }', to: nothing },
  plain,
  { from: nothing, to: () => ', hosts: ["orders.example", "*.orders.example"]' },
  plain,
  { from: nothing, to: () => ', notParameters: { debug: "*" }' },
];

// Two decimals, 0.02 at least.
function cpuOf(index: number): string {
  return ((2 + (index % 97)) / 100).toFixed(2);
}

// A few hundred windows, all around noon in Paris.
function windowOf(index: number): string {
  const minutes = (count: number): string => String(5 * count).padStart(2, '0');
  const days = ['Mon-Fri', 'Mon-Sat', 'Wed', 'Tue-Thu'][index % 4];
  const start = `0${5 + (index % 5)}:${minutes(Math.floor(index / 5) % 12)}`;
  const end = `${18 + (index % 3)}:${minutes(Math.floor(index / 3) % 12)}`;
  return `${days} ${start}-${end}`;
}

const RULES_PER_FILE = 1_000;
