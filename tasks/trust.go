package tasks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// HeaderMAC is the task header with the signature.
const HeaderMAC = "holdfast-mac"

// Errors of tasks that are refused. They are kept for a person, never tried again.
var (
	// ErrForged: the task was not put there by a holder of the key, or was changed since.
	ErrForged = errors.New("the task's signature is missing or wrong: it was not enqueued by a process with queue.key")
	// ErrVersion: the payload is of a newer build.
	ErrVersion = errors.New("update the worker")
)

// Keys sign and check tasks: Current signs, Previous is still believed. Without a Current
// key nothing is signed, and without any key everything is believed.
type Keys struct{ Current, Previous []byte }

// Sign returns the headers of t, nil without a key. What is signed is who the task says it
// is: its type, id, queue and payload.
func (k Keys) Sign(t Envelope) map[string]string {
	if len(k.Current) == 0 {
		return nil
	}
	return map[string]string{HeaderMAC: hex.EncodeToString(macOf(k.Current, t))}
}

// Check returns nil when mac is a signature of t with one of the keys, else ErrForged.
func (k Keys) Check(t Envelope, mac string) error {
	if len(k.Current)+len(k.Previous) == 0 {
		return nil
	}
	given, err := hex.DecodeString(mac)
	if err != nil {
		return ErrForged
	}
	for _, key := range [][]byte{k.Current, k.Previous} {
		if len(key) > 0 && hmac.Equal(given, macOf(key, t)) {
			return nil
		}
	}
	return ErrForged
}

// macOf is HMAC-SHA256 over fields each led by its length, so that none can be shifted
// into another.
func macOf(key []byte, t Envelope) []byte {
	h := hmac.New(sha256.New, key)
	for _, field := range []string{"holdfast task 1", t.Type, t.Queue, t.ID, string(t.Payload)} {
		h.Write(binary.AppendUvarint(nil, uint64(len(field))))
		h.Write([]byte(field))
	}
	return h.Sum(nil)
}
