[{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'many-%d' % n }, data: { n: std.toString(n * 1.5) } } for n in std.range(1, 3)]
