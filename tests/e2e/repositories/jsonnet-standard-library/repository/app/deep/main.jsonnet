local base = { assert self.spec.replicas > 0, spec: { replicas: 1, x:: 'hidden', y: self.x } };
local thing(name, spec) = { apiVersion: 'example.io/v1', kind: 'Thing', metadata: { name: name }, spec: spec };
[
  thing('inherit', (base { spec+: { replicas+: 2, [if true then 'z']: super.y } }).spec),
  thing('text', {
    yaml: std.manifestYamlDoc({ a: [1, { b: 'c' }], d: 'e: f' }),
    ini: std.manifestIni({ main: { a: '1' }, sections: { s: { b: ['2', '3'] } } }),
    json: std.manifestJsonEx({ b: 1, a: [true, null] }, '  '),
    min: std.manifestJsonMinified({ b: 1.5, a: [] }),
    format: '%05d|%-5s|%x|%.3f|%s' % [42, 'ab', 255, 3.14159, [1, 2]],
    block: |||
      line one
        line "two"
    |||,
    escape: std.escapeStringJson('a"b\n'),
    split: std.split('a,b,c', ','),
    replace: std.strReplace('aXbX', 'X', '-'),
    base64: std.base64('hello') + ' ' + std.base64Decode('aGVsbG8='),
    md5: std.md5('x'),
    lower: std.asciiLower('ABC') + std.asciiUpper('def'),
    substr: std.substr('hello', 1, 3),
    unicode: 'ü→漢' + std.length('ü→漢'),
  }),
  thing('collections', {
    sort: std.sort([3, 1, 2]), uniq: std.uniq([1, 1, 2]), set: std.set(['b', 'a', 'b']), union: std.setUnion(['a'], ['b']),
    fold: std.foldl(function(a, b) a + b, [1, 2, 3], 0), filter: std.filter(function(x) x % 2 == 0, std.range(1, 6)),
    map: std.mapWithIndex(function(i, x) i * x, [5, 6, 7]), flat: std.flattenArrays([[1], [2, 3]]), keys: std.objectFields({ b: 1, a: 2, h:: 3 }),
    all: std.objectFieldsAll({ b: 1, h:: 3 }), values: std.objectValues({ b: 1, a: 2 }), prune: std.prune({ a: null, b: [], c: { d: {} }, e: 1 }),
    merge: std.mergePatch({ a: 1, b: { c: 2 } }, { b: { c: null, d: 3 } }), get: std.get({ a: 1 }, 'b', 'default'),
    comprehension: { [k]: k + '!' for k in ['x', 'y'] }, slice: [1, 2, 3, 4, 5][1:4:2], reverse: std.reverse([1, 2]), find: std.find(2, [1, 2, 2]),
    parse: std.parseJson('{"a": [1, 2.5]}'), yaml: std.parseYaml('a: [1, x]\nb: {c: true}\n'), int: std.parseInt('42'), type: std.type([]),
  }),
  thing('numbers', {
    third: 1 / 3, big: 1e15, bigger: 123456789012345680000, tiny: 1e-7, neg: -0.5, floor: std.floor(2.7), pow: std.pow(2, 10), mod: -7 % 3, round: std.round(2.5),
    sqrt: std.sqrt(2), bits: (5 & 3) | (1 << 4), max: std.max(1, 2), compare: 'a' < 'b',
  }),
]
