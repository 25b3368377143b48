package ledger

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"holdfast/catalog"
)

// Keys are the secrets seals are signed with: Current signs, Previous is still believed.
// Both may be empty.
type Keys struct{ Current, Previous []byte }

// keyID names a key without giving anything of it away.
func keyID(key []byte) string { return mac(key, "holdfast ledger key")[:16] }

func mac(key []byte, text string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

// sign adds the signature of the current key, if there is one.
func (k Keys) sign(s *catalog.Seal) {
	if len(k.Current) > 0 {
		s.KeyID, s.MAC = keyID(k.Current), mac(k.Current, s.Hash)
	}
}

// trust is what a signature is worth.
type trust int

const (
	unsigned trust = iota
	signed
	unknownKey
	forged
)

// check tells what the signature of s is worth.
func (k Keys) check(s catalog.Seal) trust {
	if s.MAC == "" && s.KeyID == "" {
		return unsigned
	}
	for _, key := range [][]byte{k.Current, k.Previous} {
		if len(key) == 0 || keyID(key) != s.KeyID {
			continue
		}
		if hmac.Equal([]byte(mac(key, s.Hash)), []byte(s.MAC)) {
			return signed
		}
		return forged
	}
	return unknownKey
}

// any reports whether there is a key at all.
func (k Keys) any() bool { return len(k.Current)+len(k.Previous) > 0 }
