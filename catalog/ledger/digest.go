package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"

	"holdfast/catalog"
)

// digestSize is how many bytes of SHA-256 a roll keeps of each event. 192 bits leave 96
// against somebody who looks for two events of the same digest.
const digestSize = 24

// digest is what a roll says of one event, its number aside.
type digest [digestSize]byte

// fields is a text of values that cannot be cut in two ways: each is led by its length.
type fields []byte

func (f *fields) text(s string) {
	*f = binary.AppendUvarint(*f, uint64(len(s)))
	*f = append(*f, s...)
}

func (f *fields) number(n int64) { f.text(strconv.FormatInt(n, 10)) }

// digestOf covers all of e but its number: an event that was moved keeps its digest.
func digestOf(e catalog.Event) digest {
	var f fields
	f.number(e.At.UnixMilli())
	for _, s := range []string{
		e.Type, e.JobID, e.PointID, e.Actor, e.From, e.To, string(e.Class), e.Message, string(e.Data),
	} {
		f.text(s)
	}
	sum := sha256.Sum256(f)
	return digest(sum[:digestSize])
}

// entry is one event as a roll has it.
type entry struct {
	seq    int64
	digest digest
}

// roll spells entries as text: for each the step from the number before and the digest.
func roll(entries []entry, before int64) string {
	b := make([]byte, 0, len(entries)*(digestSize+2))
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e.seq-before))
		b = append(b, e.digest[:]...)
		before = e.seq
	}
	return base64.RawStdEncoding.EncodeToString(b)
}

// parseRoll reverses roll.
func parseRoll(text string, before int64) ([]entry, error) {
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("the roll is no base64: %w", err)
	}
	var entries []entry
	for len(b) > 0 {
		step, n := binary.Uvarint(b)
		if n <= 0 || step == 0 || step > 1<<62 || len(b) < n+digestSize {
			return nil, fmt.Errorf("the roll is cut off after %d events", len(entries))
		}
		before += int64(step)
		entries = append(entries, entry{before, digest(b[n : n+digestSize])})
		b = b[n+digestSize:]
	}
	return entries, nil
}

// hashText is SHA-256 as people compare it.
func hashText(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// sealHash covers everything a seal says.
func sealHash(s catalog.Seal) string {
	var f fields
	f.text("holdfast seal 1")
	f.text(s.Previous)
	for _, n := range []int64{s.Number, s.First, s.Last, int64(s.Events), s.Newest.UnixMilli(), s.SealedAt.UnixMilli()} {
		f.number(n)
	}
	f.text(s.Digest)
	return hashText(f)
}
