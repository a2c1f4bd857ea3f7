// node-fetch is fetch.
const request = (...values) => fetch(...values);
module.exports = Object.assign(request, { default: request, Headers });
