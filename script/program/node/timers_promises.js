// Node's timers/promises.
exports.setTimeout = (milliseconds, value) => new Promise((resolve) => setTimeout(resolve, milliseconds, value));
exports.setImmediate = (value) => exports.setTimeout(0, value);
exports.scheduler = { wait: (milliseconds) => exports.setTimeout(milliseconds), yield: () => exports.setTimeout(0) };
