// Package collector paces Go's garbage collector in processes that serve queues.
package collector

import "runtime/debug"

const (
	// goDefault is the growth of the heap, in percent, at which Go collects it.
	goDefault = 100
	// relaxed lets the heap grow to five times what is alive. A worker keeps some 20 MB alive
	// and allocates that much in a tenth of a second, nearly all of it for one step of a job.
	relaxed = 400
)

// Relax collects a quarter as often as Go does by itself, for the price of memory: a heap
// may grow to five times what is alive in it, not twice. Whoever has set GOGC keeps that,
// and GOMEMLIMIT bounds the memory as ever. It changes the whole process.
func Relax() {
	if previous := debug.SetGCPercent(relaxed); previous != goDefault {
		debug.SetGCPercent(previous)
	}
}
