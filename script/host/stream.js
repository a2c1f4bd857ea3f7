// ReadableStream (WHATWG Streams, section 4) of chunks as they are; there are no
// byte streams and no pipes. drain goes over anything that can be gone over.
(function () {
  'use strict';
  const at = Symbol.asyncIterator;

  class ReadableStream {
    #queue = []; #reads = []; #state = 'readable'; #error; #locked = false; #closing = false; #started = false;
    #pulling = false; #again = false; #source; #room; #controller; #closed = [];

    constructor(source = {}, { highWaterMark = 1 } = {}) {
      if (source.type !== undefined) throw new TypeError('ReadableStream: there are no byte streams; leave type out');
      this.#source = source;
      this.#room = Number(highWaterMark);
      const controller = this.#controller = {
        enqueue: (chunk) => {
          if (this.#closing || this.#state !== 'readable') throw new TypeError('enqueue: the stream is closed');
          if (this.#reads.length > 0) this.#reads.shift().resolve({ value: chunk, done: false });
          else this.#queue.push(chunk);
          this.#pull();
        },
        close: () => {
          if (this.#closing || this.#state !== 'readable') throw new TypeError('close: the stream is closed');
          this.#closing = true;
          if (this.#queue.length === 0) this.#end();
        },
        error: (reason) => this.#fail(reason),
      };
      Object.defineProperty(controller, 'desiredSize', {
        get: () => (this.#state === 'errored' ? null : this.#state === 'closed' ? 0 : this.#room - this.#queue.length),
      });
      const started = source.start === undefined ? undefined : source.start(controller);
      Promise.resolve(started).then(() => { this.#started = true; this.#pull(); }, (e) => this.#fail(e));
    }

    #pull() {
      if (!this.#started || this.#closing || this.#state !== 'readable' || this.#source.pull === undefined) return;
      if (this.#reads.length === 0 && this.#queue.length >= this.#room) return;
      if (this.#pulling) { this.#again = true; return; }
      this.#pulling = true;
      new Promise((resolve) => resolve(this.#source.pull(this.#controller))).then(() => {
        this.#pulling = false;
        if (this.#again) { this.#again = false; this.#pull(); }
      }, (e) => this.#fail(e));
    }

    #end() {
      this.#state = 'closed';
      for (const r of this.#reads.splice(0)) r.resolve({ value: undefined, done: true });
      for (const c of this.#closed.splice(0)) c.resolve(undefined);
    }

    #fail(reason) {
      if (this.#state !== 'readable') return;
      this.#state = 'errored';
      this.#error = reason;
      this.#queue = [];
      for (const r of this.#reads.splice(0)) r.reject(reason);
      for (const c of this.#closed.splice(0)) c.reject(reason);
    }

    #read() {
      if (this.#queue.length > 0) {
        const value = this.#queue.shift();
        if (this.#closing && this.#queue.length === 0) this.#end();
        else this.#pull();
        return Promise.resolve({ value, done: false });
      }
      if (this.#state === 'closed') return Promise.resolve({ value: undefined, done: true });
      if (this.#state === 'errored') return Promise.reject(this.#error);
      return new Promise((resolve, reject) => { this.#reads.push({ resolve, reject }); this.#pull(); });
    }

    #cancel(reason) {
      if (this.#state === 'errored') return Promise.reject(this.#error);
      if (this.#state === 'closed') return Promise.resolve(undefined);
      this.#queue = [];
      this.#end();
      return new Promise((resolve) => resolve(this.#source.cancel === undefined ? undefined : this.#source.cancel(reason))).then(() => undefined);
    }

    get locked() { return this.#locked; }

    cancel(reason) {
      if (this.#locked) return Promise.reject(new TypeError('the stream is locked to a reader'));
      return this.#cancel(reason);
    }

    getReader(options) {
      if (options && options.mode !== undefined) throw new TypeError('getReader: there are no byte streams; leave mode out');
      if (this.#locked) throw new TypeError('the stream is locked to a reader already');
      this.#locked = true;
      let released = false;
      const held = () => { if (released) throw new TypeError('the reader was released'); };
      const closed = new Promise((resolve, reject) => {
        if (this.#state === 'closed') resolve(undefined);
        else if (this.#state === 'errored') reject(this.#error);
        else this.#closed.push({ resolve, reject });
      });
      closed.catch(() => {}); // nobody need ask
      return {
        closed,
        read: async () => { held(); return this.#read(); },
        cancel: async (reason) => { held(); return this.#cancel(reason); },
        releaseLock: () => { if (!released) { released = true; this.#locked = false; } },
      };
    }

    tee() {
      const reader = this.getReader(), branches = [];
      let reading = null;
      const pull = () => {
        if (reading === null) {
          reading = reader.read().then(({ value, done }) => {
            reading = null;
            for (const b of branches) if (b.open) { if (done) b.controller.close(); else b.controller.enqueue(value); }
          }, (e) => { for (const b of branches) b.controller.error(e); });
        }
        return reading;
      };
      return [0, 1].map(() => {
        const b = { open: true };
        branches.push(b);
        return new ReadableStream({
          start(c) { b.controller = c; },
          pull,
          cancel(reason) { b.open = false; if (branches.every((x) => !x.open)) return reader.cancel(reason); },
        }, { highWaterMark: 0 });
      });
    }

    values({ preventCancel = false } = {}) {
      const reader = this.getReader();
      const it = {
        next: () => reader.read().then((r) => { if (r.done) reader.releaseLock(); return r; }, (e) => { reader.releaseLock(); throw e; }),
        return: async (value) => {
          if (!preventCancel) await reader.cancel(value);
          reader.releaseLock();
          return { value, done: true };
        },
      };
      Object.defineProperty(it, at, { value() { return this; } });
      return it;
    }

    static from(iterable) {
      const it = open(iterable);
      return new ReadableStream({
        pull: async (c) => { const { value, done } = await it.next(); if (done) c.close(); else c.enqueue(await value); },
        cancel: async (reason) => { if (it.return) await it.return(reason); },
      }, { highWaterMark: 0 });
    }

    get [Symbol.toStringTag]() { return 'ReadableStream'; }
  }
  Object.defineProperty(ReadableStream.prototype, at, { value: ReadableStream.prototype.values, writable: true, configurable: true });

  function open(iterable) {
    const make = iterable[at] || iterable[Symbol.iterator];
    if (typeof make !== 'function') throw new TypeError('the value cannot be gone over');
    return make.call(iterable);
  }

  async function drain(iterable, add) {
    const it = open(iterable);
    for (;;) {
      const { value, done } = await it.next();
      if (done) return;
      try {
        add(await value);
      } catch (e) {
        if (it.return) await it.return();
        throw e;
      }
    }
  }

  return { ReadableStream, drain, iterates: (v) => typeof v[at] === 'function' };
})
