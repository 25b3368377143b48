package main

import "sync"

// gate holds everybody who is expected until all are there.
type gate struct{ group sync.WaitGroup }

func (g *gate) expect() { g.group.Add(1) }

func (g *gate) wait() {
	g.group.Done()
	g.group.Wait()
}
