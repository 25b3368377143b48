package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// SignatureHeader carries the signature of a message: t=UNIX-SECONDS,v1=HEX, where HEX is
// the HMAC-SHA256 of "UNIX-SECONDS.BODY" under the shared secret.
const SignatureHeader = "Holdfast-Signature"

// ErrSignature says that a message is not from who shares the secret, or not from now.
var ErrSignature = errors.New("the signature does not fit")

// Sign returns the header's value for body sent at now.
func Sign(secret string, body []byte, now time.Time) string {
	at := strconv.FormatInt(now.Unix(), 10)
	return "t=" + at + ",v1=" + hex.EncodeToString(mac(secret, at, body))
}

// Verify checks the header of a received body: that it was made with secret, and at most
// tolerance before or after now, so that a message cannot be played back later. It returns
// ErrSignature wrapped.
func Verify(secret, header string, body []byte, now time.Time, tolerance time.Duration) error {
	at, signature := "", ""
	for part := range strings.SplitSeq(header, ",") {
		if value, ok := strings.CutPrefix(strings.TrimSpace(part), "t="); ok {
			at = value
		} else if value, ok := strings.CutPrefix(strings.TrimSpace(part), "v1="); ok {
			signature = value
		}
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: the header has no time", ErrSignature)
	}
	given, err := hex.DecodeString(signature)
	if err != nil || !hmac.Equal(given, mac(secret, at, body)) {
		return fmt.Errorf("%w: it was made with another secret, or the body was changed", ErrSignature)
	}
	if age := now.Sub(time.Unix(seconds, 0)).Abs(); age > tolerance {
		return fmt.Errorf("%w: it is of %s ago", ErrSignature, age)
	}
	return nil
}

func mac(secret, at string, body []byte) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(at + "."))
	m.Write(body)
	return m.Sum(nil)
}
