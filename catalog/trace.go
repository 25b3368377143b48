package catalog

import (
	"crypto/sha256"
	"encoding/hex"

	"holdfast/driver"
)

// TraceID returns the id of the trace the job is a part of, 32 hexadecimal digits. It
// follows from the id of the chain, so that every process knows it without being told: a
// backup and its copies are one trace, a restore or an expiry is one of its own.
// Source: https://www.w3.org/TR/trace-context/#trace-id
func (j Job) TraceID() string {
	of := j.ID
	if j.Type == driver.Backup || j.Type == driver.Copy {
		of = j.ChainID
	}
	return traceDigest("trace", of, 16)
}

// SpanID returns the id of the span of the job called id, 16 hexadecimal digits.
func SpanID(id string) string { return traceDigest("span", id, 8) }

func traceDigest(what, of string, bytes int) string {
	sum := sha256.Sum256([]byte(what + "|" + of))
	return hex.EncodeToString(sum[:bytes])
}
