package login

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost is how much work a password hash is.
type Cost struct {
	Time      uint32
	MemoryKiB uint32
	Threads   uint8
}

// DefaultCost is the second recommended option of RFC 9106: 64 MiB, about a tenth of a
// second. Source: https://www.rfc-editor.org/rfc/rfc9106#section-4
func DefaultCost() Cost { return Cost{Time: 3, MemoryKiB: 64 << 10, Threads: 4} }

// The lengths of salt and hash in bytes, and what of a stored hash is believed.
const (
	saltLength   = 16
	hashLength   = 32
	maxMemoryKiB = 1 << 20
	maxTime      = 100
)

var encoding = base64.RawStdEncoding

// hash returns the argon2id hash of a password as a PHC string, which has its own cost.
func (c Cost) hash(entropy io.Reader, password string) (string, error) {
	salt := make([]byte, saltLength)
	if _, err := io.ReadFull(entropy, salt); err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	key := argon2.IDKey([]byte(password), salt, c.Time, c.MemoryKiB, c.Threads, hashLength)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		c.MemoryKiB, c.Time, c.Threads, encoding.EncodeToString(salt), encoding.EncodeToString(key)), nil
}

var errHash = errors.New("login: the stored password hash cannot be read: set the password again with `holdfast user passwd`")

// verify reports whether password has the stored hash.
func verify(stored, password string) (bool, error) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, errHash
	}
	var c Cost
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.MemoryKiB, &c.Time, &c.Threads); n != 3 || err != nil {
		return false, errHash
	}
	salt, saltErr := encoding.DecodeString(parts[4])
	want, err := encoding.DecodeString(parts[5])
	if saltErr != nil || err != nil || len(salt) < 8 || len(want) < 16 ||
		c.Time < 1 || c.Time > maxTime || c.Threads < 1 || c.MemoryKiB > maxMemoryKiB {
		return false, errHash
	}
	got := argon2.IDKey([]byte(password), salt, c.Time, c.MemoryKiB, c.Threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}
