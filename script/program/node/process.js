// What libraries ask of Node's process: a script has no environment.
module.exports = {
  env: {}, argv: [], platform: "linux", version: "", versions: {}, pid: 1,
  nextTick: (callback, ...values) => queueMicrotask(() => callback(...values)),
  cwd: () => "/",
};
