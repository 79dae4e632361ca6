{ x: (import '../../shared/x.libsonnet').x }
