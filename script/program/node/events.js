// Node's events.
class EventEmitter {
  #listeners = new Map();

  #add(name, listener, once, first) {
    if (typeof listener !== "function") throw new TypeError('The "listener" argument must be of type function');
    const list = this.#listeners.get(name) ?? [];
    this.#listeners.set(name, first ? [{ listener, once }, ...list] : [...list, { listener, once }]);
    return this;
  }

  on(name, listener) { return this.#add(name, listener, false, false); }
  addListener(name, listener) { return this.on(name, listener); }
  once(name, listener) { return this.#add(name, listener, true, false); }
  prependListener(name, listener) { return this.#add(name, listener, false, true); }
  prependOnceListener(name, listener) { return this.#add(name, listener, true, true); }

  off(name, listener) {
    const list = this.#listeners.get(name) ?? [];
    const at = list.map((l) => l.listener).lastIndexOf(listener);
    if (at >= 0) this.#listeners.set(name, list.filter((_, i) => i !== at));
    if (this.listenerCount(name) === 0) this.#listeners.delete(name);
    return this;
  }
  removeListener(name, listener) { return this.off(name, listener); }

  removeAllListeners(...names) {
    if (names.length === 0) this.#listeners.clear();
    for (const name of names) this.#listeners.delete(name);
    return this;
  }

  emit(name, ...values) {
    const list = this.#listeners.get(name);
    if (list === undefined) {
      if (name === "error") throw values[0] instanceof Error ? values[0] : new Error("Unhandled error.");
      return false;
    }
    for (const { listener, once } of list) {
      if (once) this.off(name, listener);
      listener.apply(this, values);
    }
    return true;
  }

  listenerCount(name) { return this.#listeners.get(name)?.length ?? 0; }
  listeners(name) { return (this.#listeners.get(name) ?? []).map((l) => l.listener); }
  rawListeners(name) { return this.listeners(name); }
  eventNames() { return [...this.#listeners.keys()]; }
  setMaxListeners() { return this; }
  getMaxListeners() { return 0; }

  static once(emitter, name) {
    return new Promise((resolve, reject) => {
      const failed = (error) => {
        emitter.off(name, done);
        reject(error);
      };
      const done = (...values) => {
        emitter.off("error", failed);
        resolve(values);
      };
      emitter.once(name, done);
      if (name !== "error") emitter.once("error", failed);
    });
  }
}

EventEmitter.EventEmitter = EventEmitter;
EventEmitter.defaultMaxListeners = 10;
module.exports = EventEmitter;
