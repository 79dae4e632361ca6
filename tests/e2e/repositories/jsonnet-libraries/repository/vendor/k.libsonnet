local util = import 'util/meta.libsonnet';
{ configMap(name, data):: { apiVersion: 'v1', kind: 'ConfigMap' } + util.meta(name) + { data: data } }
