package catalog

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// idLength is the length of every id: 130 bits in base32.
const idLength = 26

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// JobID returns the id that follows from parts: the first 26 characters of the lower-case
// base32 of SHA-256 over the length-prefixed parts. The same parts give the same id in
// every process and release.
func JobID(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(p)))
		h.Write(length[:])
		h.Write([]byte(p))
	}
	return lowerBase32.EncodeToString(h.Sum(nil))[:idLength]
}

// BackupJobID returns the id of the backup of arn at one fire of a rule. Names of plans
// and rules match without case, ARNs with it. The content of the policy is no part of it.
func BackupJobID(installation, source, plan, rule, arn string, fire time.Time) string {
	return JobID("backup", installation, source, strings.ToLower(plan), strings.ToLower(rule), arn,
		fire.UTC().Format(time.RFC3339))
}

// CopyJobID returns the id of the hop-th copy that follows the backup parent.
func CopyJobID(parent string, hop int, destination CopySpec) string {
	return JobID("copy", parent, strconv.Itoa(hop), destination.Account, destination.Region, destination.Vault)
}

// RetryJobID returns the id of the n-th retry of the ended job old.
func RetryJobID(old string, n int) string { return JobID("retry", old, strconv.Itoa(n)) }

// ExpireJobID returns the id of the attempt-th deletion of a recovery point.
func ExpireJobID(pointID string, attempt int) string {
	return JobID("expire", pointID, strconv.Itoa(attempt))
}

// NewManualID returns a fresh id for a job somebody asked for: a lower-case ULID, which
// sorts by time. It fails only when entropy does.
func NewManualID(entropy io.Reader, now time.Time) (string, error) {
	id, err := ulid.New(ulid.Timestamp(now), entropy)
	if err != nil {
		return "", err
	}
	return strings.ToLower(id.String()), nil
}
