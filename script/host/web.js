// The classes of the DOM that are made of the language alone: events (WHATWG DOM,
// section 2), AbortController and AbortSignal (section 3), DOMException (WebIDL,
// section 4.3). key refuses a sealed string where a name is expected; later runs
// a function after milliseconds.
(function (key, later) {
  'use strict';
  const codes = { IndexSizeError: 1, NotFoundError: 8, NotSupportedError: 9, InvalidStateError: 11, SyntaxError: 12,
    InvalidAccessError: 15, SecurityError: 18, NetworkError: 19, AbortError: 20, QuotaExceededError: 22, TimeoutError: 23,
    DataCloneError: 25 };

  class DOMException extends Error {
    #name;
    constructor(message = '', options = 'Error') {
      super(message);
      if (options !== null && typeof options === 'object') {
        if ('cause' in options) Object.defineProperty(this, 'cause', { value: options.cause, configurable: true, writable: true });
        options = options.name === undefined ? 'Error' : options.name;
      }
      this.#name = key(options);
    }
    get name() { return this.#name; }
    get code() { return codes[this.#name] || 0; }
    get [Symbol.toStringTag]() { return 'DOMException'; }
  }

  class Event {
    #type; #init; #prevented = false;
    _target = null; _stop = false; _dispatched = false;
    constructor(type, init = {}) {
      if (arguments.length === 0) throw new TypeError('Event: a type is required');
      this.#type = key(type);
      this.#init = init || {};
      for (const name of ['_target', '_stop', '_dispatched']) Object.defineProperty(this, name, { enumerable: false });
      Object.defineProperty(this, 'timeStamp', { value: Date.now(), enumerable: true });
    }
    get type() { return this.#type; }
    get bubbles() { return Boolean(this.#init.bubbles); }
    get cancelable() { return Boolean(this.#init.cancelable); }
    get composed() { return Boolean(this.#init.composed); }
    get target() { return this._target; }
    get currentTarget() { return this._dispatched ? this._target : null; }
    get srcElement() { return this._target; }
    get eventPhase() { return this._dispatched ? 2 : 0; }
    get isTrusted() { return false; }
    get defaultPrevented() { return this.#prevented; }
    preventDefault() { if (this.cancelable) this.#prevented = true; }
    stopPropagation() {}
    stopImmediatePropagation() { this._stop = true; }
    get [Symbol.toStringTag]() { return 'Event'; }
  }

  class CustomEvent extends Event {
    #detail;
    constructor(type, init = {}) {
      super(type, init);
      this.#detail = init && init.detail !== undefined ? init.detail : null;
    }
    get detail() { return this.#detail; }
    get [Symbol.toStringTag]() { return 'CustomEvent'; }
  }

  class EventTarget {
    #listeners = [];
    addEventListener(type, callback, options) {
      type = key(type);
      if (callback === null || callback === undefined) return;
      const capture = Boolean(typeof options === 'object' && options ? options.capture : options);
      const { once = false, signal } = typeof options === 'object' && options ? options : {};
      if (signal && signal.aborted) return;
      if (this.#listeners.some((l) => l.type === type && l.callback === callback && l.capture === capture)) return;
      this.#listeners.push({ type, callback, capture, once: Boolean(once), removed: false });
      if (signal) signal.addEventListener('abort', () => this.removeEventListener(type, callback, options), { once: true });
    }
    removeEventListener(type, callback, options) {
      type = key(type);
      const capture = Boolean(typeof options === 'object' && options ? options.capture : options);
      this.#listeners = this.#listeners.filter((l) => {
        const match = l.type === type && l.callback === callback && l.capture === capture;
        if (match) l.removed = true;
        return !match;
      });
    }
    dispatchEvent(event) {
      if (!(event instanceof Event)) throw new TypeError('dispatchEvent: the argument is no Event');
      if (event._dispatched) throw new DOMException('The event is already being dispatched', 'InvalidStateError');
      event._target = this;
      event._dispatched = true;
      event._stop = false;
      try {
        const handler = this['on' + event.type];
        if (typeof handler === 'function') handler.call(this, event);
        for (const l of this.#listeners.slice()) {
          if (l.type !== event.type || l.removed) continue;
          if (event._stop) break;
          if (l.once) this.removeEventListener(l.type, l.callback, l.capture);
          if (typeof l.callback === 'function') l.callback.call(this, event);
          else l.callback.handleEvent(event);
        }
      } finally {
        event._dispatched = false;
      }
      return !event.defaultPrevented;
    }
    get [Symbol.toStringTag]() { return 'EventTarget'; }
  }

  let making = false;
  const aborts = new WeakMap();
  function signal() {
    making = true;
    try { return new AbortSignal(); } finally { making = false; }
  }

  class AbortSignal extends EventTarget {
    #aborted = false; #reason; #handler = null;
    constructor() {
      super();
      if (!making) throw new TypeError('Illegal constructor: use new AbortController().signal');
      aborts.set(this, (reason) => {
        if (this.#aborted) return;
        this.#aborted = true;
        this.#reason = reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason;
        this.dispatchEvent(new Event('abort'));
      });
    }
    get aborted() { return this.#aborted; }
    get reason() { return this.#reason; }
    get onabort() { return this.#handler; }
    set onabort(handler) { this.#handler = handler; }
    throwIfAborted() { if (this.#aborted) throw this.#reason; }
    static abort(reason) { const s = signal(); aborts.get(s)(reason); return s; }
    static timeout(ms) {
      const s = signal();
      later(() => aborts.get(s)(new DOMException('The operation was aborted due to timeout', 'TimeoutError')), ms);
      return s;
    }
    static any(signals) {
      const s = signal();
      for (const other of signals) {
        if (!(other instanceof AbortSignal)) throw new TypeError('AbortSignal.any takes AbortSignals');
        if (other.aborted) { aborts.get(s)(other.reason); return s; }
      }
      for (const other of signals) other.addEventListener('abort', () => aborts.get(s)(other.reason), { once: true });
      return s;
    }
    get [Symbol.toStringTag]() { return 'AbortSignal'; }
  }

  class AbortController {
    #signal = signal();
    get signal() { return this.#signal; }
    abort(reason) { aborts.get(this.#signal)(reason); }
    get [Symbol.toStringTag]() { return 'AbortController'; }
  }

  return { DOMException, Event, CustomEvent, EventTarget, AbortSignal, AbortController };
})
