function(team, n, extra='none') {
  apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: std.extVar('app') },
  data: { env: std.extVar('env'), ports: std.join(',', [std.toString(p) for p in std.extVar('ports')]), team: team, n: '' + n, extra: extra },
}
