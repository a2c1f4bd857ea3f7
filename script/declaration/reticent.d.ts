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

/**
 * What a script keeps from one run to the next, in the memory of this server: for
 * this version of the script and the scope that calls it. Secrets in a value stay
 * sealed. All callers of the scope share it: who must not see another's data
 * needs a key of their own.
 */
interface Cache {
  /** What was kept, or undefined. */
  get(key: string): any;
  /** Keeps what JSON keeps of a value, for seconds: 600 unless it says more, 3600 at most. */
  set(key: string, value: unknown, seconds?: number): void;
  delete(key: string): void;
}

/** A key of context.keys: the server operates with it, and the script has none of it. */
interface Key {
  /**
   * The signature of the newest version, in the form of JSON Web Signature. It is
   * sealed unless the secret of the key says release and no secret is in the data.
   */
  sign(data: string | ArrayBuffer | ArrayBufferView, options?: { algorithm?: string }): Buffer;
  /** Is it a signature of any enabled version? */
  verify(data: string | ArrayBuffer | ArrayBufferView, signature: ArrayBuffer | ArrayBufferView, options?: { algorithm?: string }): boolean;
  /** A JSON Web Token. Its algorithm and its kid are the key's unless the options name others. */
  jwt(claims: object, options?: JwtSignOptions): string;
  /** The claims of a token that an enabled version signed, or an error of jsonwebtoken. */
  verifyJwt(token: string, options?: JwtVerifyOptions): any;
  /** A JWE for the newest version: of an object, a token of claims. */
  encrypt(payload: string | ArrayBuffer | ArrayBufferView | object, options?: { type?: string }): string;
  /** What is in a JWE that an enabled version decrypts. */
  decrypt(token: string): Buffer;
}

/** What a handler is called with. */
interface Context<Input = any> {
  /** What the caller sent. */
  readonly input: Input;
  readonly secrets: Secrets;
  readonly cache: Cache;
  readonly variables: { readonly [name: string]: any };
  /** Each key that the source names by a constant. */
  readonly keys: { readonly [name: string]: Key };
  /** What the execution point gives. */
  readonly [name: string]: any;
}

/**
 * What a script exports: export default or module.exports. The output must have
 * JSON; secrets in it are masked.
 */
type Handler<Input = any, Output = unknown> = (context: Context<Input>) => Output | Promise<Output>;

/** What the point post_authn_ctx gives, besides what every context has. */
interface PostAuthnContext extends Context {
  readonly authn_ctx: { readonly [attribute: string]: any };
  readonly amr?: readonly string[];
  readonly acr?: string;
  readonly idp_sub?: string;
}
/** What it takes: members replace those of the context. */
interface PostAuthnResult {
  authn_ctx?: { [attribute: string]: unknown };
  amr?: string[];
  acr?: string;
  idp_sub?: string;
}

/** What the point allowed_idp_ids gives, besides what every context has. */
interface IdpSelectionContext extends Context {
  readonly request?: {
    readonly headers?: { readonly [name: string]: readonly string[] };
    readonly query_params?: { readonly [name: string]: readonly string[] };
  };
  readonly client?: { readonly [name: string]: any };
  readonly idps: readonly { readonly id: string; readonly name?: string; readonly [name: string]: any }[];
}
/** What it takes: the providers that may be used. */
interface IdpSelectionResult {
  idps_ids: string[];
}

/** What token_minting and client_token_minting give, besides what every context has. */
interface TokenMintingContext extends Context {
  readonly client?: { readonly [name: string]: any };
  readonly access_token?: { readonly [claim: string]: any };
  readonly id_token?: { readonly [claim: string]: any };
  readonly authn_ctx?: { readonly [attribute: string]: any };
  readonly consent_id?: string;
}
/** What they take: claims that are replaced or made. */
interface TokenMintingResult {
  access_token?: { [claim: string]: unknown };
  id_token?: { [claim: string]: unknown };
}

/** What the host throws has a code, such as egress_denied. */
interface Error {
  readonly code?: string;
}

/**
 * ForgeRock's way to secrets and variables: esv.my.secret is the secret, or else
 * the variable, esv-my-secret. Variables come as text.
 */
interface PropertySource {
  getProperty(name: string): any;
  getProperty<T>(name: string, otherwise: T): any;
}
declare const systemEnv: PropertySource;
declare const identityServer: PropertySource;

declare const module: { exports: any };
declare const exports: any;
/** What a module of Node's, a shared module or another script exports. */
declare function require(name: string): any;

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
/** Node's: a timer without a time. */
declare function setImmediate<T extends unknown[]>(callback: (...args: T) => void, ...args: T): number;
declare function clearImmediate(id: number | undefined): void;
declare function queueMicrotask(callback: () => void): void;

type BinaryLike = string | ArrayBuffer | ArrayBufferView;
type HashName = "md5" | "sha1" | "sha256" | "sha384" | "sha512";

/** A key that cannot be looked at. Of a sealed secret it signs and verifies; export is refused. */
interface KeyObject {
  readonly type: "secret" | "public" | "private";
  readonly asymmetricKeyType?: "rsa" | "ec" | "ed25519";
  readonly asymmetricKeyDetails?: { namedCurve?: string; modulusLength?: number };
  readonly symmetricKeySize?: number;
  export(options?: { format?: "pem" | "der" | "jwk"; type?: "pkcs8" | "spki" | "pkcs1" | "sec1" }): any;
  equals(other: KeyObject): boolean;
}
interface JsonWebKey {
  kty?: string;
  [name: string]: any;
}
/** PEM or a JSON Web Key, as text or bytes; the bytes of a symmetric key; or a KeyObject. */
type KeyLike = BinaryLike | KeyObject | JsonWebKey | { key: BinaryLike | KeyObject | JsonWebKey; format?: "pem" | "der" | "jwk"; type?: string };
type SignKey = KeyLike | { key: BinaryLike | KeyObject; dsaEncoding?: "der" | "ieee-p1363"; padding?: number; saltLength?: number };

interface Hash {
  update(data: BinaryLike, encoding?: BufferEncoding): this;
  digest(): Buffer;
  digest(encoding: BufferEncoding): string;
  copy(): Hash;
}
interface Hmac {
  update(data: BinaryLike, encoding?: BufferEncoding): this;
  digest(): Buffer;
  digest(encoding: BufferEncoding): string;
}
interface Sign {
  update(data: BinaryLike, encoding?: BufferEncoding): this;
  sign(key: SignKey): Buffer;
  sign(key: SignKey, encoding: BufferEncoding): string;
}
interface Verify {
  update(data: BinaryLike, encoding?: BufferEncoding): this;
  verify(key: SignKey, signature: BinaryLike, encoding?: BufferEncoding): boolean;
}

/**
 * Node's module crypto, and what the Web Cryptography API has under the name. With a
 * sealed secret in the key or the data, what comes of it is sealed.
 */
interface Crypto {
  readonly constants: { readonly [name: string]: number };
  createHash(algorithm: HashName | string): Hash;
  createHmac(algorithm: HashName | string, key: BinaryLike | KeyObject): Hmac;
  createPrivateKey(key: KeyLike): KeyObject;
  createPublicKey(key: KeyLike): KeyObject;
  createSecretKey(key: BinaryLike, encoding?: BufferEncoding): KeyObject;
  createSign(algorithm: string): Sign;
  createVerify(algorithm: string): Verify;
  getHashes(): HashName[];
  /** Fills a typed array with random bytes. */
  getRandomValues<T extends ArrayBufferView>(array: T): T;
  hash(algorithm: HashName | string, data: BinaryLike, encoding?: BufferEncoding | "buffer"): any;
  randomBytes(size: number): Buffer;
  randomFillSync<T extends ArrayBufferView>(array: T): T;
  randomInt(max: number): number;
  randomInt(min: number, max: number): number;
  /** A random UUID, version 4. */
  randomUUID(): string;
  sign(algorithm: string | null | undefined, data: BinaryLike, key: SignKey): Buffer;
  readonly subtle: SubtleCrypto;
  /** Compares in constant time. Other lengths throw, and are unequal where one side is sealed. */
  timingSafeEqual(a: ArrayBuffer | ArrayBufferView, b: ArrayBuffer | ArrayBufferView): boolean;
  verify(algorithm: string | null | undefined, data: BinaryLike, key: SignKey, signature: BinaryLike): boolean;
  readonly webcrypto: Crypto;
}
declare const crypto: Crypto;

interface CryptoKey {
  readonly type: "secret" | "public" | "private";
  readonly extractable: boolean;
  readonly algorithm: { readonly name: string };
  readonly usages: string[];
}
type WebAlgorithm = string | { name: string; [option: string]: any };

/** HMAC, RSASSA-PKCS1-v1_5, RSA-PSS, ECDSA and Ed25519; AES-GCM, PBKDF2 and HKDF of plain keys. */
interface SubtleCrypto {
  decrypt(algorithm: WebAlgorithm, key: CryptoKey, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
  deriveBits(algorithm: WebAlgorithm, key: CryptoKey, length: number): Promise<ArrayBuffer>;
  digest(algorithm: WebAlgorithm, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
  encrypt(algorithm: WebAlgorithm, key: CryptoKey, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
  exportKey(format: "raw" | "pkcs8" | "spki" | "jwk", key: CryptoKey): Promise<any>;
  generateKey(algorithm: WebAlgorithm, extractable: boolean, usages: string[]): Promise<any>;
  importKey(format: "raw" | "pkcs8" | "spki" | "jwk", data: any, algorithm: WebAlgorithm, extractable: boolean, usages: string[]): Promise<CryptoKey>;
  sign(algorithm: WebAlgorithm, key: CryptoKey, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
  verify(algorithm: WebAlgorithm, key: CryptoKey, signature: ArrayBuffer | ArrayBufferView, data: ArrayBuffer | ArrayBufferView): Promise<boolean>;
}

type BufferEncoding = "utf8" | "utf-8" | "hex" | "base64" | "base64url" | "latin1" | "binary" | "ascii" | "utf16le" | "ucs2";

/**
 * Node's Buffer. Of a sealed string Buffer.from makes sealed bytes: they compare
 * (equals), concatenate, encode (toString with "hex", "base64", "base64url") and
 * are sent; their length and their bytes throw sealed_secret_inspected.
 */
declare class Buffer extends Uint8Array<ArrayBuffer> {
  private constructor();
  static from(text: string, encoding?: BufferEncoding): Buffer;
  static from(data: ArrayBuffer, byteOffset?: number, length?: number): Buffer;
  static from(data: ArrayLike<number> | Iterable<number>): Buffer;
  static alloc(size: number, fill?: string | Uint8Array | number, encoding?: BufferEncoding): Buffer;
  static allocUnsafe(size: number): Buffer;
  static allocUnsafeSlow(size: number): Buffer;
  static concat(list: readonly Uint8Array[], totalLength?: number): Buffer;
  static compare(a: Uint8Array, b: Uint8Array): -1 | 0 | 1;
  static byteLength(data: string | ArrayBuffer | ArrayBufferView, encoding?: BufferEncoding): number;
  static isBuffer(value: unknown): value is Buffer;
  static isEncoding(name: string): boolean;
  compare(target: Uint8Array, targetStart?: number, targetEnd?: number, start?: number, end?: number): -1 | 0 | 1;
  copy(target: Uint8Array, targetStart?: number, start?: number, end?: number): number;
  equals(other: Uint8Array): boolean;
  fill(value: string | Uint8Array | number, start?: number, end?: number, encoding?: BufferEncoding): this;
  includes(value: string | Uint8Array | number, byteOffset?: number, encoding?: BufferEncoding): boolean;
  indexOf(value: string | Uint8Array | number, byteOffset?: number, encoding?: BufferEncoding): number;
  lastIndexOf(value: string | Uint8Array | number, byteOffset?: number, encoding?: BufferEncoding): number;
  slice(start?: number, end?: number): Buffer;
  subarray(start?: number, end?: number): Buffer;
  swap16(): this;
  swap32(): this;
  swap64(): this;
  toJSON(): { type: "Buffer"; data: number[] };
  toLocaleString(encoding?: any): string;
  toString(encoding?: BufferEncoding, start?: number, end?: number): string;
  write(text: string, offset?: number, length?: number, encoding?: BufferEncoding): number;
  readUInt8(offset?: number): number;
  writeUInt8(value: number, offset?: number): number;
  readUInt16LE(offset?: number): number;
  writeUInt16LE(value: number, offset?: number): number;
  readUInt16BE(offset?: number): number;
  writeUInt16BE(value: number, offset?: number): number;
  readUInt32LE(offset?: number): number;
  writeUInt32LE(value: number, offset?: number): number;
  readUInt32BE(offset?: number): number;
  writeUInt32BE(value: number, offset?: number): number;
  readUint8(offset?: number): number;
  writeUint8(value: number, offset?: number): number;
  readUint16LE(offset?: number): number;
  writeUint16LE(value: number, offset?: number): number;
  readUint16BE(offset?: number): number;
  writeUint16BE(value: number, offset?: number): number;
  readUint32LE(offset?: number): number;
  writeUint32LE(value: number, offset?: number): number;
  readUint32BE(offset?: number): number;
  writeUint32BE(value: number, offset?: number): number;
  readInt8(offset?: number): number;
  writeInt8(value: number, offset?: number): number;
  readInt16LE(offset?: number): number;
  writeInt16LE(value: number, offset?: number): number;
  readInt16BE(offset?: number): number;
  writeInt16BE(value: number, offset?: number): number;
  readInt32LE(offset?: number): number;
  writeInt32LE(value: number, offset?: number): number;
  readInt32BE(offset?: number): number;
  writeInt32BE(value: number, offset?: number): number;
  readBigUInt64LE(offset?: number): bigint;
  writeBigUInt64LE(value: bigint, offset?: number): number;
  readBigUInt64BE(offset?: number): bigint;
  writeBigUInt64BE(value: bigint, offset?: number): number;
  readBigUint64LE(offset?: number): bigint;
  writeBigUint64LE(value: bigint, offset?: number): number;
  readBigUint64BE(offset?: number): bigint;
  writeBigUint64BE(value: bigint, offset?: number): number;
  readBigInt64LE(offset?: number): bigint;
  writeBigInt64LE(value: bigint, offset?: number): number;
  readBigInt64BE(offset?: number): bigint;
  writeBigInt64BE(value: bigint, offset?: number): number;
  readFloatLE(offset?: number): number;
  writeFloatLE(value: number, offset?: number): number;
  readFloatBE(offset?: number): number;
  writeFloatBE(value: number, offset?: number): number;
  readDoubleLE(offset?: number): number;
  writeDoubleLE(value: number, offset?: number): number;
  readDoubleBE(offset?: number): number;
  writeDoubleBE(value: number, offset?: number): number;
  readUIntLE(offset: number, byteLength: number): number;
  writeUIntLE(value: number, offset: number, byteLength: number): number;
  readUIntBE(offset: number, byteLength: number): number;
  writeUIntBE(value: number, offset: number, byteLength: number): number;
  readUintLE(offset: number, byteLength: number): number;
  writeUintLE(value: number, offset: number, byteLength: number): number;
  readUintBE(offset: number, byteLength: number): number;
  writeUintBE(value: number, offset: number, byteLength: number): number;
  readIntLE(offset: number, byteLength: number): number;
  writeIntLE(value: number, offset: number, byteLength: number): number;
  readIntBE(offset: number, byteLength: number): number;
  writeIntBE(value: number, offset: number, byteLength: number): number;
}

/** A deep copy; secrets in it stay sealed. */
declare function structuredClone<T>(value: T): T;

/** A clock of milliseconds since the run began. */
interface Performance {
  now(): number;
  toJSON(): object;
  readonly timeOrigin: number;
}
declare const performance: Performance;

/** Of a sealed string it makes sealed bytes. */
declare class TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, destination: Uint8Array): { read: number; written: number };
}

declare class TextDecoder {
  constructor(label?: "utf-8" | "utf-16le" | "latin1" | "ascii" | (string & {}), options?: { fatal?: boolean; ignoreBOM?: boolean });
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(bytes?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
}

/**
 * A URL as browsers parse it. Secrets may stand in path, query and fragment, or
 * be the URL as a whole.
 */
declare class URL {
  constructor(url: string | URL, base?: string | URL);
  static canParse(url: string | URL, base?: string | URL): boolean;
  static parse(url: string | URL, base?: string | URL): URL | null;
  href: string;
  readonly origin: string;
  protocol: string;
  username: string;
  password: string;
  host: string;
  hostname: string;
  port: string;
  pathname: string;
  search: string;
  readonly searchParams: URLSearchParams;
  hash: string;
  toString(): string;
  toJSON(): string;
}

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

/** What a body may be made of. */
type BodyInit = string | ArrayBuffer | ArrayBufferView | URLSearchParams | FormData | Blob | ReadableStream | AsyncIterable<string | Uint8Array>;

/** A field of a JSON response that becomes a secret of the run. */
type SealedField = string | {
  /** A JSON pointer (RFC 6901); a segment * stands for every element. */
  pointer: string;
  /** As in a secret's metadata; without it, the host that answers. */
  allowed_hosts?: readonly string[];
  /** As in a secret's metadata; without it, a header. */
  allowed_in?: readonly string[];
};

interface RequestInit {
  method?: string;
  headers?: HeadersInit;
  body?: BodyInit | null;
  /** Whatever it says, no redirect is followed once a secret was sent. */
  redirect?: "follow" | "error" | "manual";
  signal?: AbortSignal | null;
  /** Strings of a JSON response that are sealed before the script sees them. */
  seal?: readonly SealedField[];
  /** Has the server add the Content-Digest (RFC 9530) of the body that it sends. */
  digest?: "sha-256" | "sha-512";
  /** A body that is a stream is read before it is sent, whatever this says. */
  duplex?: "half";
}

interface StreamReader<T> {
  readonly closed: Promise<undefined>;
  read(): Promise<{ done: false; value: T } | { done: true; value: undefined }>;
  cancel(reason?: unknown): Promise<void>;
  releaseLock(): void;
}

interface StreamController<T> {
  readonly desiredSize: number | null;
  enqueue(chunk: T): void;
  close(): void;
  error(reason?: unknown): void;
}

/** A stream of chunks. There are no byte streams and no pipes. */
declare class ReadableStream<T = any> {
  constructor(source?: {
    start?(controller: StreamController<T>): unknown;
    pull?(controller: StreamController<T>): unknown;
    cancel?(reason?: unknown): unknown;
  }, strategy?: { highWaterMark?: number });
  static from<T>(iterable: Iterable<T> | AsyncIterable<T>): ReadableStream<T>;
  readonly locked: boolean;
  cancel(reason?: unknown): Promise<void>;
  getReader(): StreamReader<T>;
  tee(): [ReadableStream<T>, ReadableStream<T>];
  values(options?: { preventCancel?: boolean }): AsyncIterableIterator<T>;
  [Symbol.asyncIterator](): AsyncIterableIterator<T>;
}

/** Bytes with a type. Of one that holds a secret, size and slice are refused. */
declare class Blob {
  constructor(parts?: Iterable<string | ArrayBuffer | ArrayBufferView | Blob>, options?: { type?: string });
  readonly size: number;
  readonly type: string;
  text(): Promise<string>;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  slice(start?: number, end?: number, type?: string): Blob;
  stream(): ReadableStream<Uint8Array>;
}

declare class File extends Blob {
  constructor(parts: Iterable<string | ArrayBuffer | ArrayBufferView | Blob>, name: string, options?: { type?: string; lastModified?: number });
  readonly name: string;
  readonly lastModified: number;
}

/** A form, sent as multipart/form-data. Values may be secrets, names may not. */
declare class FormData {
  constructor();
  append(name: string, value: string | Blob, filename?: string): void;
  delete(name: string): void;
  get(name: string): string | File | null;
  getAll(name: string): (string | File)[];
  has(name: string): boolean;
  set(name: string, value: string | Blob, filename?: string): void;
  forEach(callback: (value: string | File, name: string, form: FormData) => void, thisArg?: unknown): void;
  entries(): IterableIterator<[string, string | File]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string | File>;
  [Symbol.iterator](): IterableIterator<[string, string | File]>;
}

declare class Request {
  constructor(input: string | URL | Request, init?: RequestInit);
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly redirect: "follow" | "error" | "manual";
  readonly signal: AbortSignal;
  readonly body: ReadableStream<Uint8Array> | null;
  readonly bodyUsed: boolean;
  clone(): Request;
  text(): Promise<string>;
  json(): Promise<any>;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  blob(): Promise<Blob>;
  formData(): Promise<FormData>;
}

declare class Response {
  constructor(body?: BodyInit | null, init?: { status?: number; statusText?: string; headers?: HeadersInit });
  static error(): Response;
  static json(value: unknown, init?: { status?: number; statusText?: string; headers?: HeadersInit }): Response;
  static redirect(url: string, status?: number): Response;
  /** Is the status one of 200 to 299? */
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly type: "basic" | "default" | "error";
  readonly url: string;
  readonly redirected: boolean;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
  readonly bodyUsed: boolean;
  clone(): Response;
  text(): Promise<string>;
  json(): Promise<any>;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  blob(): Promise<Blob>;
  formData(): Promise<FormData>;
}

/**
 * Sends a request, to the hosts and with secrets in the positions that the
 * secrets and the operator allow.
 */
declare function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;

declare class DOMException extends Error {
  constructor(message?: string, name?: string | { name?: string; cause?: unknown });
  readonly name: string;
  readonly code: any;
}

declare class Event {
  constructor(type: string, init?: { bubbles?: boolean; cancelable?: boolean; composed?: boolean });
  readonly type: string;
  readonly bubbles: boolean;
  readonly cancelable: boolean;
  readonly composed: boolean;
  readonly target: EventTarget | null;
  readonly currentTarget: EventTarget | null;
  readonly srcElement: EventTarget | null;
  readonly eventPhase: number;
  readonly isTrusted: boolean;
  readonly defaultPrevented: boolean;
  preventDefault(): void;
  stopPropagation(): void;
  stopImmediatePropagation(): void;
}

declare class CustomEvent<T = any> extends Event {
  constructor(type: string, init?: { bubbles?: boolean; cancelable?: boolean; composed?: boolean; detail?: T });
  readonly detail: T;
}

type EventListener = ((event: any) => void) | { handleEvent(event: any): void };

declare class EventTarget {
  addEventListener(type: string, callback: EventListener | null, options?: boolean | { capture?: boolean; once?: boolean; signal?: AbortSignal }): void;
  removeEventListener(type: string, callback: EventListener | null, options?: boolean | { capture?: boolean }): void;
  dispatchEvent(event: Event): boolean;
}

declare class AbortSignal extends EventTarget {
  private constructor();
  static abort(reason?: any): AbortSignal;
  static timeout(milliseconds: number): AbortSignal;
  static any(signals: Iterable<AbortSignal>): AbortSignal;
  readonly aborted: boolean;
  readonly reason: any;
  onabort: ((event: Event) => void) | null;
  throwIfAborted(): void;
}

declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: any): void;
}

/** A number of seconds, or a text such as "1h". */
type Timespan = number | string;

interface JwtSignOptions {
  algorithm?: string;
  expiresIn?: Timespan;
  notBefore?: Timespan;
  audience?: string | string[];
  issuer?: string;
  subject?: string;
  jwtid?: string;
  keyid?: string;
  header?: { [name: string]: unknown };
  noTimestamp?: boolean;
  mutatePayload?: boolean;
  encoding?: string;
}

interface JwtVerifyOptions {
  algorithms?: string[];
  audience?: string | RegExp | (string | RegExp)[];
  issuer?: string | string[];
  subject?: string;
  jwtid?: string;
  nonce?: string;
  maxAge?: Timespan;
  clockTolerance?: number;
  clockTimestamp?: number;
  ignoreExpiration?: boolean;
  ignoreNotBefore?: boolean;
  complete?: boolean;
}

declare module "jsonwebtoken" {
  type Callback<T> = (error: Error | null, result?: T) => void;
  /** A text, bytes, a JSON Web Key, a key of crypto, or one of context.keys. */
  type JwtKey = string | ArrayBufferView | object;
  /** Gives the key by the header of a token, by the callback or as what it returns. */
  type JwtKeyGetter = (header: { alg?: string; kid?: string; [name: string]: any }, callback: (error: any, key?: JwtKey) => void) => unknown;

  function sign(payload: string | ArrayBufferView | object, key: JwtKey, options?: JwtSignOptions): string;
  function sign(payload: string | ArrayBufferView | object, key: JwtKey, options: JwtSignOptions, callback: Callback<string>): void;
  function verify(token: string, key: JwtKeyGetter, options?: JwtVerifyOptions, callback?: Callback<any>): Promise<any>;
  function verify(token: string, key: JwtKey, options?: JwtVerifyOptions, callback?: Callback<any>): any;
  function decode(token: string, options?: { complete?: boolean }): any;
  /** jose's: a key getter over a key set, which is fetched once in a run. */
  function createRemoteJWKSet(url: string | URL): JwtKeyGetter;

  class JsonWebTokenError extends Error {
    readonly inner?: unknown;
  }
  class TokenExpiredError extends JsonWebTokenError {
    readonly expiredAt: Date;
  }
  class NotBeforeError extends JsonWebTokenError {
    readonly date: Date;
  }
}
