{ from: 'vendor2' }
