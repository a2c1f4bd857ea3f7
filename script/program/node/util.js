// Node's util, without what is about processes and streams.
const { inspect, format } = require("%inspect");
const deep = require("internal/deep");

exports.inspect = inspect;
exports.format = format;
exports.isDeepStrictEqual = (a, b) => deep.equal(a, b, true);

exports.promisify = function promisify(f) {
  if (typeof f !== "function") throw new TypeError('The "original" argument must be of type function');
  return function (...values) {
    return new Promise((resolve, reject) => {
      f.call(this, ...values, (error, value) => (error ? reject(error) : resolve(value)));
    });
  };
};

exports.callbackify = function callbackify(f) {
  if (typeof f !== "function") throw new TypeError('The "original" argument must be of type function');
  return function (...values) {
    const callback = values.pop();
    f.apply(this, values).then(
      (value) => queueMicrotask(() => callback(null, value)),
      (error) => queueMicrotask(() => callback(error ?? new Error("Promise was rejected with a falsy value")))
    );
  };
};

exports.inherits = function inherits(type, base) {
  Object.defineProperty(type, "super_", { value: base, writable: true, configurable: true });
  Object.setPrototypeOf(type.prototype, base.prototype);
};

exports.deprecate = (f) => f;

const tag = (name) => (v) => Object.prototype.toString.call(v) === "[object " + name + "]";
exports.types = {
  isDate: tag("Date"), isRegExp: tag("RegExp"), isMap: tag("Map"), isSet: tag("Set"), isWeakMap: tag("WeakMap"), isWeakSet: tag("WeakSet"),
  isPromise: tag("Promise"), isArrayBuffer: tag("ArrayBuffer"), isUint8Array: tag("Uint8Array"), isDataView: tag("DataView"),
  isNativeError: (v) => v instanceof Error,
  isTypedArray: (v) => ArrayBuffer.isView(v) && !tag("DataView")(v),
  isBoxedPrimitive: (v) => typeof v === "object" && (v instanceof Number || v instanceof String || v instanceof Boolean),
  isAsyncFunction: tag("AsyncFunction"), isGeneratorFunction: tag("GeneratorFunction"),
};
exports.isArray = Array.isArray;
exports.TextEncoder = TextEncoder;
exports.TextDecoder = TextDecoder;
