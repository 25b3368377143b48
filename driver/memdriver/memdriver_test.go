package memdriver_test

import (
	"testing"

	"holdfast/driver/drivertest"
	"holdfast/driver/memdriver"
	"holdfast/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestConformanceWithoutTokens(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, memdriver.NewHarness(memdriver.Options{}))
}

func TestConformanceWithTokens(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, memdriver.NewHarness(memdriver.Options{Tokens: true}))
}

func TestConformanceWithColdMoves(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, memdriver.NewHarness(memdriver.Options{Tokens: true, Moves: true}))
}
