// Package fastclock is a clock that several processes share: it runs faster than the
// machine's, one process can move all of them to a later hour, and a process can be told
// to be wrong by a fixed time.
package fastclock

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"holdfast/internal/clock"
)

// The file has four words: where the clock began, when that was on the machine's clock,
// how fast it runs and how far it was moved since.
const (
	wordStart = iota
	wordOrigin
	wordSpeed
	wordSkip
	words
)

const wordBytes = 8

// Clock is safe for concurrent use, by any number of processes.
type Clock struct {
	file   string
	words  []byte // mapped: a move is seen by every process at once
	offset time.Duration
	wall   clock.Clock
}

var _ clock.Clock = (*Clock)(nil)

// Create makes the clock kept in file. It reads start now and runs speed times as fast as
// the machine's.
func Create(file string, start time.Time, speed float64) (*Clock, error) {
	raw := make([]byte, words*wordBytes)
	for word, value := range map[int]uint64{
		wordStart: uint64(start.UnixNano()), wordOrigin: uint64(clock.System().Now().UnixNano()), wordSpeed: math.Float64bits(speed),
	} {
		binary.NativeEndian.PutUint64(raw[word*wordBytes:], value)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		return nil, fmt.Errorf("make the shared clock: %w", err)
	}
	return Open(file)
}

// Open opens the clock a setting names: a file that Create made and, after a comma, how far
// this process is wrong: /tmp/clock,-10m.
func Open(setting string) (*Clock, error) {
	file, off, wrong := strings.Cut(setting, ",")
	c := &Clock{file: file, wall: clock.System()}
	if wrong {
		var err error
		if c.offset, err = time.ParseDuration(off); err != nil {
			return nil, fmt.Errorf("shared clock %q: %w", setting, err)
		}
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open the shared clock: %w", err)
	}
	defer func() { _ = f.Close() }() // the mapping stays
	c.words, err = syscall.Mmap(int(f.Fd()), 0, words*wordBytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the shared clock %s: %w", file, err)
	}
	return c, nil
}

// word returns one word of the file. Mapped pages begin where any word may.
func (c *Clock) word(n int) *int64 { return (*int64)(unsafe.Pointer(&c.words[n*wordBytes])) }

// Setting returns what Open takes to have this clock in another process, wrong by offset.
func (c *Clock) Setting(offset time.Duration) string {
	if offset == 0 {
		return c.file
	}
	return c.file + "," + offset.String()
}

// Start and Origin are one instant, on this clock (before any move) and on the machine's.
func (c *Clock) Start() time.Time { return time.Unix(0, *c.word(wordStart)).UTC() }

// Origin is the machine's time at Start.
func (c *Clock) Origin() time.Time { return time.Unix(0, *c.word(wordOrigin)).UTC() }

// Speed is how many times as fast as the machine's clock this one runs.
func (c *Clock) Speed() float64 { return math.Float64frombits(uint64(*c.word(wordSpeed))) }

// Skipped is how far the clock was moved in all.
func (c *Clock) Skipped() time.Duration { return time.Duration(atomic.LoadInt64(c.word(wordSkip))) }

// Now implements clock.Clock.
func (c *Clock) Now() time.Time {
	passed := time.Duration(float64(c.wall.Now().Sub(c.Origin())) * c.Speed())
	return c.Start().Add(passed + c.Skipped() + c.offset)
}

// Sleep implements clock.Clock. A move does not shorten it.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	return c.wall.Sleep(ctx, time.Duration(float64(d)/c.Speed()))
}

// Move moves the clock of every process forward by d.
func (c *Clock) Move(d time.Duration) { atomic.AddInt64(c.word(wordSkip), int64(d)) }
