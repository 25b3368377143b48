package drivertest

import (
	"context"
	"fmt"
	"testing"

	"holdfast/driver"
	"holdfast/driver/conformance"
	"holdfast/resource"
)

// Benchmark measures Discover and Look on h: time, and with -benchmem allocations, of one
// call over the number of items in the name of the sub-benchmark.
func Benchmark(b *testing.B, h conformance.Harness) {
	ctx := b.Context()
	w, err := h.World(ctx)
	if err != nil {
		b.Fatalf("make a world: %v", err)
	}
	d := w.Driver()
	n := min(100, d.Descriptor().LookMax)
	born := w.Now()
	refs, err := backUp(ctx, w, d, n)
	if err != nil {
		b.Fatal(err)
	}
	b.Run(fmt.Sprintf("Discover/items=%d", n), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := d.Discover(ctx, w.Home(), func(resource.Resource) error { return nil }); err != nil {
				b.Fatalf("discover: %v", err)
			}
		}
	})
	req := driver.LookRequest{Scope: w.Home(), Operation: driver.Backup, Refs: refs, Since: born}
	b.Run(fmt.Sprintf("Look/items=%d", n), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if seen, err := d.Look(ctx, req); err != nil || len(seen) != n {
				b.Fatalf("look: %d of %d seen, %v", len(seen), n, err)
			}
		}
	})
}

// backUp makes n resources with a completed backup each.
func backUp(ctx context.Context, w conformance.World, d driver.Driver, n int) ([]driver.Ref, error) {
	made, err := w.AddResources(ctx, n)
	if err != nil {
		return nil, fmt.Errorf("make %d resources: %w", n, err)
	}
	refs := make([]driver.Ref, 0, n)
	for i, r := range made {
		m := driver.Mark{
			Installation: "benchmark", JobID: fmt.Sprintf("%026d", i), SourceARN: r.ARN, CreatedAt: w.Now(),
		}
		ref, err := d.Start(ctx, driver.StartRequest{Scope: w.Home(), Mark: m, Resource: r})
		if err != nil {
			return nil, fmt.Errorf("start backup %d: %w", i, err)
		}
		refs = append(refs, ref)
	}
	if err := w.Advance(ctx); err != nil {
		return nil, fmt.Errorf("let the backups end: %w", err)
	}
	return refs, nil
}
