// A secret compares, encodes and travels as its value would, and comes out of the
// script as "***". Create it first:
//
//   reticent secret create API_KEY --allowed-hosts api.example.com
module.exports = async function (context) {
  const { API_KEY } = context.secrets;
  return {
    // Somebody who knows the key.
    known: context.input.key === API_KEY,
    // Only the server knows what is in this header.
    header: "Basic " + btoa("service:" + API_KEY),
  };
};
