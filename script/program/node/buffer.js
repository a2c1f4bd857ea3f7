// Node's buffer.
module.exports = { Buffer, atob, btoa, kMaxLength: 2 ** 31 - 1 };
