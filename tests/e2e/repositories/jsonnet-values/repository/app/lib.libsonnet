{ not: 'read' }
