/** The policy set of the suites: `checkout` is allowed and masked, `auditor` is cleared, everybody else is denied. */

/** Policies for these services; `redact` replaces personal fields, or another operator. */
export function meshPolicies(services: readonly string[], personal = 'redact'): string {
  return services.map((service) => servicePolicies(service, personal)).join('---\n');
}

function servicePolicies(service: string, personal: string): string {
  return `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: ${service} }
spec:
  destination: { service: ${service}, environment: prod }
  mode: enforce
  rules:
    - name: callers
      effect: allow
      from: [{ service: checkout, environment: same }, { service: ledger, environment: same }]
      to: [{ paths: ["/orders/**"] }]
      audit: always
    - name: auditors-see-all
      effect: allow
      from: [{ service: auditor, environment: same }]
      to: [{ paths: ["/**"] }]
      clearance: [PCI, PII]
      audit: always
    - name: nobody-administers
      effect: deny
      to: [{ paths: ["/orders/admin/**"] }]
---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: ${service}-data }
spec:
  destination: { service: ${service} }
  fields:
    - { name: ssn, label: PII }
  values:
    - { detector: card, label: PCI }
---
apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: ${service}-masks }
spec:
  destination: { service: ${service} }
  rules:
    - { labels: [PCI], operator: keep-last, keep: 4 }
    - { labels: [PII], operator: ${personal} }
`;
}
