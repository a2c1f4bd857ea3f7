// Node's url, of which the WHATWG part is there.
module.exports = { URL, URLSearchParams, format: (url) => new URL(url).href, domainToASCII: (domain) => new URL("http://" + domain).hostname };
