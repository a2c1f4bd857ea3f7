// Node's string_decoder: text of bytes that come in parts, of which a character
// may be cut.
const { Buffer } = require("buffer");

const names = { utf8: "utf8", "utf-8": "utf8", utf16le: "utf16le", "utf-16le": "utf16le", ucs2: "utf16le", "ucs-2": "utf16le",
  base64: "base64", base64url: "base64url", latin1: "latin1", binary: "latin1", ascii: "ascii", hex: "hex" };

class StringDecoder {
  #decoder;
  #rest = Buffer.alloc(0);

  constructor(encoding = "utf8") {
    this.encoding = names[String(encoding).toLowerCase()];
    if (this.encoding === undefined) throw Object.assign(new TypeError("Unknown encoding"), { code: "ERR_UNKNOWN_ENCODING" });
    if (this.encoding === "utf8" || this.encoding === "utf16le") {
      this.#decoder = new TextDecoder(this.encoding === "utf8" ? "utf-8" : "utf-16le", { ignoreBOM: true });
    }
  }

  write(bytes) {
    if (typeof bytes === "string") return bytes;
    if (this.#decoder) return this.#decoder.decode(bytes, { stream: true });
    if (this.encoding !== "base64" && this.encoding !== "base64url") return Buffer.from(bytes).toString(this.encoding);
    const all = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    const whole = all.length - (all.length % 3);
    this.#rest = all.subarray(whole);
    return all.subarray(0, whole).toString(this.encoding);
  }

  end(bytes) {
    let text = bytes === undefined ? "" : this.write(bytes);
    if (this.#decoder) return text + this.#decoder.decode();
    text += this.#rest.toString(this.encoding);
    this.#rest = Buffer.alloc(0);
    return text;
  }
}

exports.StringDecoder = StringDecoder;
