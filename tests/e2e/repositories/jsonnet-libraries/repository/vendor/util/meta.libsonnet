{ meta(name):: { metadata: { name: name, labels: { 'made-by': 'jsonnet' } } } }
