// Node's path, as POSIX has it. The working directory is /.
const text = (v) => {
  if (typeof v !== "string") throw new TypeError("The path argument must be of type string");
  return v;
};

function normalize(path) {
  const absolute = text(path).startsWith("/");
  const parts = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts[parts.length - 1] !== "..") parts.pop();
    else if (!absolute) parts.push("..");
  }
  const joined = parts.join("/");
  const end = path.endsWith("/") && joined !== "" ? "/" : "";
  if (absolute) return "/" + joined + end;
  return joined === "" ? (path.endsWith("/") ? "./" : ".") : joined + end;
}

const trimmed = (path) => (path.length > 1 && path.endsWith("/") ? trimmed(path.slice(0, -1)) : path);

function resolve(...paths) {
  let out = "";
  for (const path of ["/", ...paths]) {
    if (text(path).startsWith("/")) out = path;
    else if (path !== "") out += "/" + path;
  }
  return trimmed(normalize(out));
}

function dirname(path) {
  const bare = trimmed(text(path)), at = bare.lastIndexOf("/");
  if (at < 0) return ".";
  return at === 0 ? "/" : trimmed(bare.slice(0, at));
}

function basename(path, suffix) {
  const bare = trimmed(text(path)), base = bare.slice(bare.lastIndexOf("/") + 1);
  return suffix !== undefined && base !== suffix && base.endsWith(suffix) ? base.slice(0, base.length - suffix.length) : base;
}

function extname(path) {
  const base = basename(path), at = base.lastIndexOf(".");
  return at <= 0 || base === ".." ? "" : base.slice(at);
}

function relative(from, to) {
  const parts = (p) => resolve(p).split("/").filter((s) => s !== "");
  const a = parts(from), b = parts(to);
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return [...a.slice(same).map(() => ".."), ...b.slice(same)].join("/");
}

function parse(path) {
  const root = text(path).startsWith("/") ? "/" : "", base = path === "/" ? "" : basename(path), ext = extname(path);
  const dir = dirname(path);
  return { root, dir: dir === "." && !path.startsWith(".") ? "" : dir, base, ext, name: ext === "" ? base : base.slice(0, base.length - ext.length) };
}

function format({ dir, root, base, name, ext }) {
  const last = base ?? (name ?? "") + (ext === undefined || ext === "" || ext.startsWith(".") ? ext ?? "" : "." + ext);
  const folder = dir ?? root;
  if (!folder) return last;
  return folder === root ? folder + last : folder + "/" + last;
}

const posix = {
  sep: "/", delimiter: ":", normalize, resolve, dirname, basename, extname, relative, parse, format,
  join: (...paths) => normalize(paths.map(text).filter((p) => p !== "").join("/") || "."),
  isAbsolute: (path) => text(path).startsWith("/"),
};
posix.posix = posix;
module.exports = posix;
