/** The small domains of random sets and requests, so that rules and requests often meet. */

/** The destination that random sets are mostly about. */
export const randomTarget = { mesh: 'mesh.test', environment: 'prod', service: 'orders' } as const;

/** Domains that random bundles accept beside the mesh; callers of another one are refused. */
export const federatedDomains = ['friend.test', 'partner.test'];

/**
 * The moment at which random sets are compiled, a Saturday. Within the week that a bundle lives clocks jump forward in
 * Beirut (two hours later, over midnight) and in Europe, and fall back in Australia and New Zealand.
 */
export const randomNowMs = Date.UTC(2026, 2, 28, 20);

/** Time zones, most of which change their clocks in that week; Lord Howe does by half an hour. */
export const zones = [
  'Europe/Paris',
  'UTC',
  'Asia/Kolkata',
  'America/New_York',
  'Asia/Beirut',
  'Atlantic/Azores',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
];

/** Moments at which the clocks of these zones change. */
export const clockChanges = [
  Date.UTC(2026, 2, 28, 22),
  Date.UTC(2026, 2, 29, 1),
  Date.UTC(2026, 3, 4, 14),
  Date.UTC(2026, 3, 4, 15),
];

/** Labels of data; nothing carries the last one. */
export const dataLabels = ['PII', 'PCI', 'Secret', 'Nothing'];

/** Instances of random identities. */
export const instances = [
  '3f0e8c1a-0000-4000-8000-000000000001',
  '3f0e8c1a-0000-4000-8000-000000000002',
];

/** Names of headers that are read by value, as requests have them. */
export const headerNames = ['x-a', 'x-b'];

/** The header whose lines are compared whole: a set reads a header in one way. */
export const lineHeader = 'x-l';

/** Parameter names, decoded. */
export const parameterNames = ['q', 'a b', 'é'];

/** Values of headers, without commas. */
export const headerTexts = ['a', 'ab', 'b', 'ba', '', 'é'];

/** Values of parameters, decoded, and lines of headers. */
export const values = [...headerTexts, 'a,b'];

/** Lists of values in one header line. */
export const joinedLines = ['a, b', 'a,', ',', 'a,a', 'ab ,\tb', ',é', 'b,ba,a'];
