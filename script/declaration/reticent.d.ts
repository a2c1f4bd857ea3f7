// What a script of Reticent gets. Put this file beside your scripts, with a
// tsconfig.json that leaves out the types of browsers and of Node:
//
//   { "compilerOptions": { "strict": true, "noEmit": true, "target": "esnext",
//     "module": "preserve", "lib": ["es2023", "esnext.disposable", "decorators"], "types": [] } }

declare const sealed: unique symbol;

/**
 * A secret, or text made of one. It compares (===, ==, switch, includes of an
 * array), concatenates, encodes and is sent as its value would be, and holds
 * nothing of the value. What would look inside it is of type never, and throws
 * sealed_secret_inspected.
 */
type Sealed = string & {
  readonly [sealed]: "a sealed secret";
  readonly [index: number]: never;
  readonly [Symbol.iterator]: never;
  readonly length: never;
  readonly at: never;
  readonly charAt: never;
  readonly charCodeAt: never;
  readonly codePointAt: never;
  readonly endsWith: never;
  readonly lastIndexOf: never;
  readonly localeCompare: never;
  readonly match: never;
  readonly matchAll: never;
  readonly normalize: never;
  readonly padEnd: never;
  readonly padStart: never;
  readonly replace: never;
  readonly replaceAll: never;
  readonly search: never;
  readonly slice: never;
  readonly split: never;
  readonly startsWith: never;
  readonly substr: never;
  readonly substring: never;
  readonly toLocaleLowerCase: never;
  readonly toLocaleUpperCase: never;
  readonly toLowerCase: never;
  readonly toUpperCase: never;
  readonly trim: never;
  readonly trimEnd: never;
  readonly trimStart: never;
};

/**
 * The structured secrets of your scope, for you to add to:
 *
 *   declare global {
 *     interface SecretTypes { DB: { user: Sealed; password: Sealed } }
 *   }
 */
interface SecretTypes {}

/** The methods of context.secrets. */
interface SecretMethods {
  /**
   * A secret that the script names, or undefined where there is none. Without
   * get, a secret that is absent, disabled or expired ends the run with
   * secret_unavailable.
   */
  get<Name extends keyof SecretTypes>(name: Name): SecretTypes[Name] | undefined;
  get(name: string): Sealed | undefined;
  /**
   * Stores a secret. The next run sees it. Without a scope it is the project of
   * the script.
   */
  set(name: string, value: unknown, scope?: "project" | "platform"): void;
}

/** context.secrets: each secret that the source names by a constant. */
type Secrets = SecretMethods & SecretTypes & { readonly [name: string]: Sealed };

/** What a handler is called with. */
interface Context<Input = any> {
  /** What the caller sent. */
  readonly input: Input;
  readonly secrets: Secrets;
  readonly variables: { readonly [name: string]: any };
  /** What the execution point gives. */
  readonly [name: string]: any;
}

/**
 * What a script exports: export default or module.exports. The output must have
 * JSON; secrets in it are masked.
 */
type Handler<Input = any, Output = unknown> = (context: Context<Input>) => Output | Promise<Output>;

/** What the host throws has a code, such as egress_denied. */
interface Error {
  readonly code?: string;
}

declare const module: { exports: any };
declare const exports: any;

/** Lines for the answer's console, masked. */
interface Console {
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
  debug(...values: unknown[]): void;
  trace(...values: unknown[]): void;
}
declare const console: Console;

/** The Latin-1 bytes of a string as base64. */
declare function btoa(data: Sealed): Sealed;
declare function btoa(data: string): string;
/** The string of Latin-1 bytes that base64 stands for; not of a secret. */
declare function atob(data: string): string;

declare function setTimeout<T extends unknown[]>(callback: (...args: T) => void, milliseconds?: number, ...args: T): number;
declare function setInterval<T extends unknown[]>(callback: (...args: T) => void, milliseconds?: number, ...args: T): number;
declare function clearTimeout(id: number | undefined): void;
declare function clearInterval(id: number | undefined): void;
declare function queueMicrotask(callback: () => void): void;

interface Crypto {
  /** A random UUID, version 4. */
  randomUUID(): string;
}
declare const crypto: Crypto;

/** Pairs of a query or of a form. Values may be sealed, names may not. */
declare class URLSearchParams {
  constructor(init?: string | URLSearchParams | Iterable<readonly [string, string]> | { readonly [name: string]: string });
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  toString(): string;
  forEach(callback: (value: string, name: string, params: URLSearchParams) => void, thisArg?: unknown): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}

type HeadersInit = Headers | Iterable<readonly [string, string]> | { readonly [name: string]: string };

/** Headers of a request or of a response. Values may be sealed, names may not. */
declare class Headers {
  constructor(init?: HeadersInit);
  append(name: string, value: string): void;
  delete(name: string): void;
  get(name: string): string | null;
  getSetCookie(): string[];
  has(name: string): boolean;
  set(name: string, value: string): void;
  forEach(callback: (value: string, name: string, headers: Headers) => void, thisArg?: unknown): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}

interface RequestInit {
  method?: string;
  headers?: HeadersInit;
  body?: string | URLSearchParams | null;
}

interface Response {
  /** Is the status one of 200 to 299? */
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly headers: Headers;
  readonly bodyUsed: boolean;
  text(): Promise<string>;
  json(): Promise<any>;
}

/**
 * Sends a request, to the hosts and with secrets in the positions that the
 * secrets and the operator allow.
 */
declare function fetch(url: string, init?: RequestInit): Promise<Response>;
