/** The arrows of ARCHITECTURE.md, as rules. `make lint` fails when an import breaks one. */
const assemblyLayers = ['index', 'abi/callbacks', 'filter', 'domain', 'formats', 'memory'];
const formats = 'json|charset|form|csv|multipart|xml|protobuf|graphql';
const domains = ['identity', 'policy', 'risk', 'xds', 'audit', 'privacy', 'federation'];
// What main.ts is split into: it alone constructs a controller.
const wiring = ['parts', 'closers', 'serve', 'keep-current', 'state-refresh', 'trust-refresh', 'own-certificate'].join('|');
const forbid = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to });

module.exports = {
  forbidden: [
    forbid('no-cycle', { pathNot: '^node_modules' }, { circular: true }, 'a cycle has no top'),
    forbid('nothing-imports-test', { pathNot: '^test/' }, { path: '^test/' }, 'tests look at the product, never the reverse'),
    forbid('test-files-stay-leaves', { pathNot: '\\.test\\.ts$' }, { path: '\\.test\\.ts$' }, 'a test is not a library'),
    forbid('schema-is-for-generators', { path: '^(assembly|controller|host)/' }, { path: '^schema/' }, 'both sides read what schema/ generates'),
    forbid('host-knows-the-abi-only', { path: '^host/' }, { path: '^(assembly|controller)/' }, 'the host runs any Proxy-Wasm filter'),
    forbid('assembly-stands-alone', { path: '^assembly/' }, { path: '^(controller|host|node_modules)/' }, 'no runtime dependency in the module'),
    forbid('controller-reaches-host-by-injection', { path: '^controller/(?!main\\.ts|prove-bundle\\.ts|cli/).*(?<!\\.test)\\.ts$' }, { path: '^host/' }, 'only main.ts and cli/ construct'),
    forbid('wiring-belongs-to-main', { path: '^(controller|host|test)/', pathNot: `^controller/(main|open-federation|${wiring})\\.ts$|^controller/(${wiring})\\.test\\.ts$` },
      { path: `^controller/(${wiring})\\.ts$` }, 'main.ts is the only place that constructs a controller'),
    ...domains.map((d) =>
      forbid(`domain-${d}-stands-alone`, { path: `^controller/${d}/.*(?<!\\.test)\\.ts$` },
        { path: `^controller/((?!${d}/)(${domains.join('|')})|api|cli|agent|web)/|^controller/main\\.ts$` },
        'domains never import each other; main.ts joins them')),
    forbid('agent-never-needs-the-controller', { path: '^controller/agent/.*(?<!\\.test)\\.ts$' }, { path: '^controller/(api|cli|web)/|^controller/main\\.ts$' }, 'agent and controller meet on the wire'),
    forbid('store-implements', { path: '^controller/store/.*(?<!\\.test)\\.ts$' }, { path: '^controller/(api|cli|agent|web)/|^controller/main\\.ts$' }, 'the store knows the interfaces of the domains only'),
    forbid('memory-is-the-floor', { path: '^assembly/memory/' }, { path: '^assembly/(?!memory/)' }, assemblyLayers.join(' -> ')),
    forbid('formats-know-bytes', { path: `^assembly/(${formats})/` }, { path: `^assembly/(?!(${formats}|memory)/)` }, assemblyLayers.join(' -> ')),
    forbid('crypto-knows-bytes', { path: '^assembly/crypto/' }, { path: '^assembly/(?!crypto/|memory/)' }, assemblyLayers.join(' -> ')),
    forbid('abi-below-filter', { path: '^assembly/abi/(?!callbacks)' }, { path: '^assembly/(?!abi/|memory/)' }, 'host calls know no domain'),
    forbid('hostcalls-are-for-filter-and-context', { path: '^assembly/(policy|mask|classify|crypto|memory)/' }, { path: '^assembly/abi/' }, 'the rest runs without a host'),
    forbid('domain-below-filter', { path: '^assembly/(context|policy|mask|classify)/' }, { path: '^assembly/filter/' }, assemblyLayers.join(' -> ')),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^build/|^\\.tools/|node_modules/assemblyscript)' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
