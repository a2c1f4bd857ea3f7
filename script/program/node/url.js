// Node's url, of which the WHATWG part is there.
const domainToASCII = (domain) => {
  try {
    return new URL("http://" + domain).hostname;
  } catch (error) {
    if (error.code === "sealed_secret_inspected") throw error;
    return "";
  }
};

module.exports = {
  URL,
  URLSearchParams,
  format: (url) => new URL(url).href,
  domainToASCII,
  domainToUnicode: (domain) => require("punycode").toUnicode(domainToASCII(domain)),
};
