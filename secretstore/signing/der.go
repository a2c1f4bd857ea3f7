package signing

import (
	"encoding/asn1"
	"errors"
	"math/big"
)

// scalarBytes is the length of r, and of s, in a signature on a curve.
var scalarBytes = map[Kind]int{P256: 32, P384: 48, P521: 66}

// ecdsaSignature is a signature as X.509 has it (RFC 3279 section 2.2.3).
type ecdsaSignature struct{ R, S *big.Int }

var errSignature = errors.New("not an ECDSA signature of this curve")

// FromDER gives r and s, one after the other (RFC 7518 section 3.4), of an ECDSA
// signature in ASN.1.
func FromDER(kind Kind, der []byte) ([]byte, error) {
	var sig ecdsaSignature
	n := scalarBytes[kind]
	rest, err := asn1.Unmarshal(der, &sig)
	if err != nil || len(rest) > 0 || sig.R.Sign() <= 0 || sig.S.Sign() <= 0 || sig.R.BitLen() > 8*n || sig.S.BitLen() > 8*n {
		return nil, errSignature
	}
	out := make([]byte, 2*n)
	sig.R.FillBytes(out[:n])
	sig.S.FillBytes(out[n:])
	return out, nil
}

// ToDER is the inverse of FromDER.
func ToDER(kind Kind, signature []byte) ([]byte, error) {
	n := scalarBytes[kind]
	if n == 0 || len(signature) != 2*n {
		return nil, errSignature
	}
	return asn1.Marshal(ecdsaSignature{new(big.Int).SetBytes(signature[:n]), new(big.Int).SetBytes(signature[n:])})
}
