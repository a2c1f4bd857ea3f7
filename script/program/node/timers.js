module.exports = { setTimeout, setInterval, clearTimeout, clearInterval, setImmediate: (callback, ...values) => setTimeout(callback, 0, ...values), clearImmediate: clearTimeout };
