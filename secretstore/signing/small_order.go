package signing

import (
	"crypto/ed25519"
	"encoding/hex"
)

// smallOrders are the y of the points of edwards25519 whose order divides 8, the
// two spellings beyond the field's prime included, without their sign bit. The
// signature (R = identity, S = 0) holds under the first for every message, and
// under the others for as many as their order says: checking one against a
// message would tell something of the message's hash.
var smallOrders = func() map[[ed25519.PublicKeySize]byte]bool {
	out := make(map[[ed25519.PublicKeySize]byte]bool)
	for _, y := range []string{
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		b, err := hex.DecodeString(y)
		if err != nil {
			panic(err)
		}
		out[[ed25519.PublicKeySize]byte(b)] = true
	}
	return out
}()

func smallOrder(key ed25519.PublicKey) bool {
	if len(key) != ed25519.PublicKeySize {
		return true
	}
	y := [ed25519.PublicKeySize]byte(key)
	y[len(y)-1] &= 0x7f
	return smallOrders[y]
}
