package ondemand_test

import (
	"context"
	"testing"
	"time"

	"holdfast/failure"
	"holdfast/internal/clock"
	"holdfast/report"
	"holdfast/report/ondemand"
)

// TestFewAtOnce asks for more reports than are made at a time.
func TestFewAtOnce(t *testing.T) {
	t.Parallel()
	begun, end := make(chan bool), make(chan bool)
	m := ondemand.New(ondemand.Options{
		Clock: clock.NewManual(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)),
		Source: func(context.Context) (report.Source, error) {
			begun <- true
			<-end
			return report.Source{}, failure.Errorf(failure.Invalid, "the policies have problems")
		},
	})
	done := make(chan error)
	for range 2 {
		go func() { _, err := m.Make(t.Context(), report.Wish{Kind: "backup"}); done <- err }()
		<-begun
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Make(ctx, report.Wish{Kind: "backup"}); !failure.Is(err, failure.Throttled) {
		t.Errorf("the third: %v", err)
	}
	close(end)
	for range 2 {
		if err := <-done; !failure.Is(err, failure.Invalid) {
			t.Errorf("one of two: %v", err)
		}
	}
	if _, err := m.Make(t.Context(), report.Wish{Kind: "weather"}); !failure.Is(err, failure.Invalid) {
		t.Errorf("a kind there is not: %v", err)
	}
}
