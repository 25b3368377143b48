package catalog

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// idLength is the length of every job id: 26 characters carry 130 bits, and a ULID is as long.
const idLength = 26

// JobID returns a deterministic id: the first 26 characters of the lower-case base32
// (RFC 4648, no padding) of a SHA-256 over parts. Parts are case-folded, so that two
// spellings of one name give one id, and length-prefixed, so that ("ab","c") and
// ("a","bc") give two.
func JobID(parts ...string) string {
	return digest("job", fold(parts...)...)
}

// BackupJobID returns the id of the backup of the resource arn that rule of plan asks
// for at fire. source says where the policy comes from. Names are case-folded, the ARN
// is not: two S3 objects or DynamoDB tables may differ in case only. The policy's
// content is no part of it, so editing a rule does not repeat a fire.
func BackupJobID(installation, source, plan, rule, arn string, fire time.Time) string {
	parts := append(fold(installation, source, plan, rule), arn, strconv.FormatInt(fire.UnixMilli(), 10))
	return digest("backup", parts...)
}

// CopyJobID returns the id of the copy that follows the job parent as its hop-th copy
// (from 1) into destination. How long the copy lives and its key are no part of it.
func CopyJobID(parent string, hop int, destination CopySpec) string {
	parts := fold(parent, strconv.Itoa(hop), destination.Account, destination.Region, destination.Vault)
	return digest("copy", parts...)
}

// RetryJobID returns the id of the n-th retry (from 1) of the ended job old.
func RetryJobID(old string, n int) string {
	return digest("retry", fold(old, strconv.Itoa(n))...)
}

// ExpireJobID returns the id of the expiry of a recovery point after attempt earlier ones.
func ExpireJobID(pointID string, attempt int) string {
	return digest("expire", fold(pointID, strconv.Itoa(attempt))...)
}

// ArchiveJobID returns the id of the move of a recovery point to cold storage after attempt
// earlier ones.
func ArchiveJobID(pointID string, attempt int) string {
	return digest("archive", fold(pointID, strconv.Itoa(attempt))...)
}

// NewManualID returns a fresh id for a job somebody asked for: a ULID in lower case,
// which sorts by now. entropy is crypto/rand.Reader outside tests; its error is returned.
func NewManualID(entropy io.Reader, now time.Time) (string, error) {
	id, err := ulid.New(ulid.Timestamp(now), entropy)
	if err != nil {
		return "", fmt.Errorf("make job id: %w", err)
	}
	return strings.ToLower(id.String()), nil
}

// digest hashes parts apart from those of any other kind of id.
func digest(kind string, parts ...string) string {
	h := sha256.New()
	for _, part := range append([]string{kind}, parts...) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:]) // a hash never returns an error
		h.Write([]byte(part))
	}
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil))
	return strings.ToLower(text[:idLength])
}

func fold(parts ...string) []string {
	folded := make([]string, len(parts))
	for i, p := range parts {
		folded[i] = strings.ToLower(p)
	}
	return folded
}
