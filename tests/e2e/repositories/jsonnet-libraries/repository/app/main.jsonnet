local k = import 'k.libsonnet';
local own = import 'lib/own.libsonnet';
k.configMap('main', { text: importstr 'text.txt', own: own.x, which: (import 'which.libsonnet').from })
