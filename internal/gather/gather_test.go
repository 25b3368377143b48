package gather_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"holdfast/internal/gather"
)

// TestCallsThatArriveMeanwhileShareABatch holds the first batch up until the rest waits.
func TestCallsThatArriveMeanwhileShareABatch(t *testing.T) {
	t.Parallel()
	const calls, limit = 100, 30
	first, resume := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var batches [][]int
	g := gather.New(limit, 1, func(batch []int) {
		once.Do(func() { close(first); <-resume })
		batches = append(batches, slices.Clone(batch))
	})
	g.Add(0)
	<-first
	for i := 1; i < calls; i++ {
		g.Add(i)
	}
	if got := g.Waiting(); got != calls-1 {
		t.Errorf("%d wait, want %d", got, calls-1)
	}
	close(resume)
	g.Wait()
	var sizes []int
	for _, b := range batches {
		sizes = append(sizes, len(b))
	}
	if want := []int{1, 30, 30, 30, 9}; !slices.Equal(sizes, want) {
		t.Errorf("batches of %v, want %v", sizes, want)
	}
	if all := slices.Concat(batches...); !slices.IsSorted(all) || len(all) != calls {
		t.Errorf("calls out of order or missing: %v", all)
	}
}

// TestEveryCallIsServedOnce adds from many goroutines to several workers, twice, so that
// the workers end in between.
func TestEveryCallIsServedOnce(t *testing.T) {
	t.Parallel()
	const goroutines, each, parallel = 20, 200, 3
	var mu sync.Mutex
	served, working, most := map[int]int{}, 0, 0
	g := gather.New(7, parallel, func(batch []int) {
		mu.Lock()
		working++
		most = max(most, working)
		for _, c := range batch {
			served[c]++
		}
		mu.Unlock()
		mu.Lock()
		working--
		mu.Unlock()
	})
	for range 2 {
		var group sync.WaitGroup
		for n := range goroutines {
			group.Go(func() {
				for i := range each {
					g.Add(n*each + i)
				}
			})
		}
		group.Wait()
		g.Wait()
	}
	if most > parallel {
		t.Errorf("%d batches at once, want at most %d", most, parallel)
	}
	for c := range goroutines * each {
		if served[c] != 2 {
			t.Fatalf("call %d was served %d times, want 2", c, served[c])
		}
	}
}

// TestBusyBatchesLinger: what follows a shared batch waits for company, a lone call does
// not, and nobody is forgotten.
func TestBusyBatchesLinger(t *testing.T) {
	t.Parallel()
	const pause = 20 * time.Millisecond
	var sizes []int
	done := make(chan struct{}, 10)
	first, resume := make(chan struct{}), make(chan struct{})
	var once sync.Once
	g := gather.New(10, 1, func(batch []int) {
		once.Do(func() { close(first); <-resume })
		sizes = append(sizes, len(batch))
		for range batch {
			done <- struct{}{}
		}
	}).Linger(3, pause)
	g.Add(0)
	<-first
	g.Add(1)
	g.Add(2)
	close(resume)
	for range 3 {
		<-done
	}
	g.Add(3) // while the goroutine lingers, or after it
	g.Add(4)
	g.Wait()
	if got := len(done); got != 2 {
		t.Errorf("%d calls served after the first three, want 2", got)
	}
	if sizes[0] != 1 || sizes[1] != 2 {
		t.Errorf("batches of %v, want 1, 2, ...", sizes)
	}
}
