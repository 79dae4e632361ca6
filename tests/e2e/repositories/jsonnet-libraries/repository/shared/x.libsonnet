{ x: 'shared' }
