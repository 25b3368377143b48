package cloud

import (
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
	"strconv"
	"sync"
)

// seed draws reproducible numbers. Every draw is a hash of the seed, a name and how often
// that name was drawn before, so that what happens in one account does not depend on how
// calls to another interleave with it.
type seed struct {
	value uint64
	mu    sync.Mutex
	drawn map[string]uint64
}

func newSeed(value uint64) *seed { return &seed{value: value, drawn: map[string]uint64{}} }

// next hashes the name and its count, and counts it.
func (s *seed) next(name string) uint64 {
	s.mu.Lock()
	n := s.drawn[name]
	s.drawn[name]++
	s.mu.Unlock()
	return s.hash(name, strconv.FormatUint(n, 10))
}

// hash mixes the seed with the parts.
func (s *seed) hash(parts ...string) uint64 {
	h := fnv.New64a()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], s.value)
	h.Write(b[:])
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return mix(h.Sum64())
}

// mix spreads the bits of an FNV sum; its low bits alone are too regular for fractions.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// fraction returns a number in [0, 1) that depends only on the seed and the parts.
func (s *seed) fraction(parts ...string) float64 {
	return float64(s.hash(parts...)>>11) / (1 << 53)
}

// chance draws a number in [0, 1) for the next event of a name.
func (s *seed) chance(name string) float64 { return float64(s.next(name)>>11) / (1 << 53) }

// hex returns n (at most 32) hexadecimal digits, new for each draw of a prefix in a place.
func (s *seed) hex(p Place, prefix string, n int) string {
	first := s.next("id|" + p.Account + "|" + p.Region + "|" + prefix)
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], first)
	binary.BigEndian.PutUint64(b[8:], mix(first+s.value+1))
	return hex.EncodeToString(b[:])[:n]
}
