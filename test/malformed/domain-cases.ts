/** What can be wrong with the federated trust domains of a bundle. */
import {
  FederatedDomain,
  BundleHeader as Header,
  BundleSection as S,
} from '../../controller/layout.ts';
import { repeat, repeatRecord } from './edits.ts';
import { type Case, FAR, reasons } from './refusal-case.ts';

const { name, nameLen } = FederatedDomain;

/** Damaged FederatedDomains. */
export const domains: Case[] = [
  [
    'a name of a federated domain',
    reasons.string,
    [S.FederatedDomains, 1],
    (f) => f.set32(f.at(S.FederatedDomains, 1, name), FAR),
  ],
  [
    '65 federated domains',
    reasons.tooMany,
    [S.FederatedDomains, 0],
    (f) => repeat(f, S.FederatedDomains, 65),
  ],
  [
    'a federated domain twice',
    reasons.sortOrder,
    [S.FederatedDomains, 1],
    (f) => repeatRecord(f, S.FederatedDomains, 0),
  ],
  [
    'federated domains that fall',
    reasons.sortOrder,
    [S.FederatedDomains, 1],
    (f) => {
      const [first, second] = [
        f.at(S.FederatedDomains, 0, name),
        f.at(S.FederatedDomains, 1, name),
      ];
      const [at, len] = [f.u32(first), f.u32(first + 4)];
      return f
        .set32(first, f.u32(second))
        .set32(first + 4, f.u32(second + 4))
        .set32(second, at)
        .set32(second + 4, len);
    },
  ],
  [
    'a federated domain without a name',
    reasons.value,
    [S.FederatedDomains, 0],
    (f) => f.set32(f.at(S.FederatedDomains, 0, nameLen), 0),
  ],
  [
    'the mesh as a federated domain',
    reasons.value,
    [S.FederatedDomains, 0],
    (f) => {
      const place = f.at(S.FederatedDomains, 0, name);
      return f.set32(place, f.u32(Header.mesh)).set32(place + 4, f.u32(Header.meshLen));
    },
  ],
];
