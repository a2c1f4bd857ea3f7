// Package signing reads keys and makes and checks signatures with them, by the
// names of JSON Web Signature (RFC 7515).
//
// # How it fits
//
// It works on plain bytes and knows neither secrets nor surrogates. Package seal
// signs and verifies with it for sealed secrets, in the server; package
// script/host for keys that a script has as plain text, in its worker.
//
// # What it protects
//
// That a signature is checked as its key was meant: an algorithm goes with one
// type of key, so that nobody has an RSA public key, which everybody knows, taken
// for the secret of an HMAC; "none" is no algorithm; keys that are too small, or
// under which a signature holds for any message, are no keys. Its errors tell
// nothing of a key but why its type or its size will not do.
package signing
