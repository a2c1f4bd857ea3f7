// Writes vectors.json, what Node and the npm package jsonwebtoken give for each of
// cases.json: NODE_PATH=…/node_modules node generate.cjs
const fs = require('fs')
const crypto = require('crypto')
const jwt = require('jsonwebtoken')
const values = fs.existsSync('values.json') ? JSON.parse(fs.readFileSync('values.json')) : makeValues()

function makeValues() {
  const pair = (type, options) => {
    const p = crypto.generateKeyPairSync(type, options)
    return [p.privateKey.export({ format: 'pem', type: 'pkcs8' }), p.publicKey.export({ format: 'pem', type: 'spki' })]
  }
  const [RSA, RSAPUB] = pair('rsa', { modulusLength: 2048 })
  const [EC, ECPUB] = pair('ec', { namedCurve: 'P-256' })
  const [EC384, EC384PUB] = pair('ec', { namedCurve: 'P-384' })
  const [ED, EDPUB] = pair('ed25519')
  const v = { K: 'whsec_9tX2vQ7LpZr4KdYn8Jm1', M: 'sk_live_51Hq8ZkT0xVbN3mR7 "é"', RSA, RSAPUB, EC, ECPUB, EC384, EC384PUB, ED, EDPUB }
  v.EC_DER = crypto.sign('sha256', 'message', EC).toString('base64')
  v.EC_RAW = crypto.sign('sha256', 'message', { key: EC, dsaEncoding: 'ieee-p1363' }).toString('base64')
  v.EC384_SHA256 = crypto.sign('sha256', 'message', EC384).toString('base64')
  v.PSS = crypto.sign('sha256', 'message', { key: RSA, padding: 6, saltLength: 32 }).toString('base64')
  // These are never secret in the test.
  v.TEXT_RSA = pair('rsa', { modulusLength: 2048 })[0]
  ;[v.TEXT_EC, v.TEXT_ECPUB] = pair('ec', { namedCurve: 'P-256' })
  v.TEXT_RAW = crypto.sign('sha256', 'message', { key: v.TEXT_EC, dsaEncoding: 'ieee-p1363' }).toString('base64')
  v.TEXT_PSS = crypto.sign('sha256', 'message', { key: v.TEXT_RSA, padding: 6, saltLength: 32 }).toString('base64')
  v.JWT_ES = jwt.sign({ a: 1, iat: 1700000000 }, EC, { algorithm: 'ES256' })
  v.JWT_PS = jwt.sign({ a: 1, iat: 1700000000 }, RSA, { algorithm: 'PS256' })
  v.JWT_HS = jwt.sign({ a: 1, iat: 1700000000, exp: 1700000100, nbf: 1700000000, aud: ['x', 'y'], iss: 'i', sub: 's', jti: 'j', nonce: 'n' }, v.K)
  v.JWT_NONE = jwt.sign({ a: 1, iat: 1700000000 }, '', { algorithm: 'none' })
  fs.writeFileSync('values.json', JSON.stringify(v, null, 1) + '\n')
  return v
}

async function main() {
  const out = []
  for (const code of JSON.parse(fs.readFileSync('cases.json'))) {
    const run = new Function('require', 'jwt', 'V', `return (async () => { const { ${Object.keys(values).join(', ')} } = V; return ${code} })()`)
    const row = { code }
    try {
      row.gives = await run(require, jwt, values)
    } catch (e) {
      row.throws = { name: e.name, message: e.message, ...(e.code ? { code: e.code } : {}) }
    }
    out.push(row)
  }
  fs.writeFileSync('vectors.json', JSON.stringify(out, null, 1) + '\n')
}
main()
